import StreamPolicy

/// The network that a client is taken for: its address in IPv4, the first 56 bits of it in IPv6, which is the least that
/// providers give to one customer (RIPE-690, section 4.2).
struct ClientNetwork: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// nil where the text is no address. An IPv4 address mapped into IPv6 is the IPv4 address.
    init?(of address: String) {
        guard let address = IPAddress(address)?.unmapped else { return nil }
        bytes = address.isV4 ? address.bytes : Array(address.bytes.prefix(7))
    }

    var description: String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) } + ["00"]
        return stride(from: 0, to: 8, by: 2).map { digits[$0] + digits[$0 + 1] }.joined(separator: ":") + "::/56"
    }
}
