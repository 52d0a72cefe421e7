/// The networks in which streams may lie.
///
/// By default those of the internet and, for RTSP and RTMP, private ones, since cameras live there. HTTP reaches private
/// networks only where they are listed: to an inner service, a request may mean more than to look.
package struct StreamNetworks: Sendable, Hashable, CustomStringConvertible {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    private let listed: [Network]
    private let includesDefaults: Bool

    package static let defaults = StreamNetworks(listed: [], includesDefaults: true)

    private init(listed: [Network], includesDefaults: Bool) {
        self.listed = listed
        self.includesDefaults = includesDefaults
    }

    /// - Parameter text: networks such as `192.168.7.0/24`, with commas between them. They replace the defaults, unless
    ///   the word `default` is among them.
    package init(_ text: String) throws(Malformed) {
        var listed: [Network] = []
        var includesDefaults = false
        for entry in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            if entry == "default" {
                includesDefaults = true
            } else if let network = Network(entry) {
                listed.append(network)
            } else {
                throw Malformed(description: "\(entry) is no network such as 192.168.7.0/24, nor the word default")
            }
        }
        guard includesDefaults || !listed.isEmpty else { throw Malformed(description: "it names no network") }
        self.init(listed: listed, includesDefaults: includesDefaults)
    }

    /// The text that makes them again.
    package var description: String {
        ((includesDefaults ? ["default"] : []) + listed.map(\.description)).joined(separator: ",")
    }

    /// What forbids a connection to an address: the kind of network that it belongs to. nil where it is allowed.
    ///
    /// Loopback, link-local, metadata and the like are opened only by an entry that names nothing else: by `127.0.0.0/8`
    /// or `127.0.0.1`, not by `0.0.0.0/0`.
    package func obstacle(to address: IPAddress, over transport: StreamTransport) -> String? {
        for meant in address.meant {
            if let obstacle = obstacle(meant: meant, transport) { return obstacle }
        }
        return nil
    }

    private func obstacle(meant address: IPAddress, _ transport: StreamTransport) -> String? {
        let entries = listed.filter { $0.contains(address) }
        switch AddressKind(address) {
        case .special(let name, let network): return entries.contains { $0.isWithin(network) } ? nil : name
        case .local:
            let isUsual = includesDefaults && transport != .http
            return isUsual || !entries.isEmpty ? nil : "private"
        case .global: return includesDefaults || !entries.isEmpty ? nil : "unlisted"
        }
    }
}
