/// How a stream comes over a network.
package enum StreamTransport: String, CaseIterable, Sendable {
    case rtsp, http, rtmp

    /// The schemes of its URLs, each with the port that is meant where none is named: in clear, and under TLS.
    var schemes: [(name: String, port: UInt16, isSecure: Bool)] {
        switch self {
        case .rtsp: [("rtsp", 554, false), ("rtsps", 322, true)]
        case .http: [("http", 80, false), ("https", 443, true)]
        case .rtmp: [("rtmp", 1935, false), ("rtmps", 443, true)]
        }
    }
}

/// Where a stream's URL leads, read strictly: what could be read in two ways is refused.
package struct StreamEndpoint: Hashable, Sendable {
    package enum Host: Hashable, Sendable {
        case address(IPAddress)
        /// In lower case, without a dot at its end.
        case name(String)
    }

    package let transport: StreamTransport
    package let isSecure: Bool
    /// `user:password` as it stood in the URL.
    package let credentials: String?
    package let host: Host
    package let port: UInt16
    /// From the path on, the query included and a fragment left out; empty or beginning with `/` or `?`.
    package let path: String

    package init(_ url: String, over transport: StreamTransport) throws(StreamRefusal) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw .malformed("A stream's URL holds no spaces, control characters and backslashes.")
        }
        let scheme = url.prefix { $0 != ":" }
        guard let known = transport.schemes.first(where: { $0.name == scheme.lowercased() }),
            url.dropFirst(scheme.count).hasPrefix("://")
        else {
            let names = transport.schemes.map { "\($0.name)://" }.joined(separator: " or ")
            throw .malformed("A stream of type \(transport.rawValue) begins with \(names).")
        }
        let rest = url.dropFirst(scheme.count + 3).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        credentials = at.flatMap { $0 == authority.startIndex ? nil : String(authority[..<$0]) }
        path = String(rest[authority.endIndex...])
        if transport == .rtsp { try Self.checkLengths(credentials: credentials, path: path) }
        self.transport = transport
        isSecure = known.isSecure
        (host, port) = try Self.place(place, standard: known.port)
    }

    /// FFmpeg cuts off what is longer, and asks for something else.
    private static func checkLengths(credentials: String?, path: String) throws(StreamRefusal) {
        if path.utf8.count > 1000 { throw .malformed("The path of an RTSP stream has at most 1000 bytes.") }
        if let credentials, credentials.utf8.count > 127 {
            throw .malformed("User and password of an RTSP stream, as they stand in its URL, have at most 127 bytes.")
        }
    }

    /// - Parameter place: host and port, as in `[::1]:8554`.
    package static func place(
        _ place: some StringProtocol, standard: UInt16
    ) throws(StreamRefusal) -> (Host, UInt16) {
        let isBracketed = place.hasPrefix("[")
        let host = isBracketed ? place.prefix { $0 != "]" } + "]" : place.prefix { $0 != ":" } + ""
        guard place.hasPrefix(host) else { throw .malformed("The host in the stream's URL is not one.") }
        let port = place.dropFirst(host.count)
        if port.isEmpty { return (try Host(host), standard) }
        let digits = port.dropFirst()
        guard port.hasPrefix(":"), let number = UInt16(digits), number > 0, digits.utf8.allSatisfy(\.isDigit) else {
            throw .malformed("The port in the stream's URL is a number from 1 to 65535.")
        }
        return (try Host(host), number)
    }
}

extension StreamEndpoint.Host {
    /// - Parameter text: a name, an address of version 4 in any form that C libraries read, or one of version 6 in
    ///   brackets.
    init(_ text: some StringProtocol) throws(StreamRefusal) {
        if text.hasPrefix("[") {
            guard let address = IPAddress(String(text.dropFirst().dropLast())), !address.isV4 else {
                throw .malformed("The host in the stream's URL is no IPv6 address; one with a zone is not taken.")
            }
            self = .address(address)
            return
        }
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw .malformed("Write the host in ASCII: an international name in its form xn--….")
        }
        let name = (text.hasSuffix(".") ? String(text.dropLast()) : String(text)).lowercased()
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253,
            labels.allSatisfy({ label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { $0.isDigit || $0.isLetter || "-_".utf8.contains($0) }
            })
        else { throw .malformed("The host in the stream's URL is not one.") }
        // What ends in a number is an address or nothing (WHATWG's URL standard says so too).
        let last = labels.last ?? ""
        if last.utf8.allSatisfy(\.isDigit) || last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit) {
            guard let address = IPAddress(looselyWritten: name) else {
                throw .malformed("The host in the stream's URL is no IPv4 address.")
            }
            self = .address(address)
        } else {
            self = .name(name)
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
}
