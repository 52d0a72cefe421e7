import EventSourcing

/// A scheme of streams' URLs.
package struct StreamScheme: Hashable, Sendable {
    package let name: String
    /// The port that is meant where a URL names none; nil for what does not come over a network.
    package let port: UInt16?
    /// Whether what is sent is encrypted, and the camera proves who it is.
    package let isSecure: Bool

    private init(_ name: String, _ port: UInt16?, isSecure: Bool = false) {
        self.name = name
        self.port = port
        self.isSecure = isSecure
    }

    static let rtsp = [StreamScheme("rtsp", 554), StreamScheme("rtsps", 322, isSecure: true)]
    static let http = [StreamScheme("http", 80), StreamScheme("https", 443, isSecure: true)]
    static let rtmp = [StreamScheme("rtmp", 1935), StreamScheme("rtmps", 443, isSecure: true)]
    static let file = [StreamScheme("file", nil)]
}

/// Whom a stream's secrets are sent to, and how: the scheme, the host and the port of its URL.
struct StreamDestination: Hashable {
    private let scheme: StreamScheme
    /// In lower case, and otherwise as it was written: two spellings of one host are taken for two.
    private let host: ExactText
    /// nil where the URL names none.
    private let namedPort: UInt16?

    /// nil for what is no stream's URL.
    init?(_ address: StreamAddress) {
        guard let parts = URLParts(address.url),
            let scheme = address.type.allSchemes.first(where: { $0.name == parts.scheme })
        else { return nil }
        self.scheme = scheme
        let (host, port) = parts.place
        self.host = ExactText(host.lowercased())
        namedPort = port
    }

    private var port: UInt16? { namedPort ?? scheme.port }

    /// Whether what was a secret with `known` stays one here: the same host is asked for it on the same port by the same
    /// protocol, and no more readers are on the way. From a scheme in clear to its secure one, a port that neither names
    /// may change with the scheme.
    func isAsSafe(as known: StreamDestination) -> Bool {
        guard host == known.host else { return false }
        if scheme == known.scheme { return port == known.port }
        let isTheSecureOne =
            scheme.isSecure && !known.scheme.isSecure
            && StreamType(scheme: scheme.name) == StreamType(scheme: known.scheme.name)
        return isTheSecureOne && (port == known.port || namedPort == nil && known.namedPort == nil)
    }
}
