/// A URL with an authority, cut where RFC 3986 (section 3) cuts it, as far as a stream's address needs it.
struct URLParts {
    /// In lower case.
    let scheme: String
    /// What stood before the authority's last `@`; nil where that is nothing.
    let credentials: String?
    /// Host and port.
    let authority: String
    /// Everything from the path on: query and fragment too.
    let path: String

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let rest = text[text.index(colon, offsetBy: 3)...]
        let end = rest.firstIndex(where: { "/?#".contains($0) }) ?? rest.endIndex
        let authority = rest[..<end]
        scheme = text[..<colon].lowercased()
        path = String(rest[end...])
        if let at = authority.lastIndex(of: "@") {
            credentials = at == authority.startIndex ? nil : String(authority[..<at])
            self.authority = String(authority[authority.index(after: at)...])
        } else {
            credentials = nil
            self.authority = String(authority)
        }
    }

    /// Without the credentials.
    var url: String { origin + path }

    /// Without the credentials and all that follows the host.
    var origin: String { "\(scheme)://\(authority)" }

    /// Refuses what is mostly a password with a `/`, `?` or `#` in it, which would make its beginning the host, and a
    /// fragment, which no server is sent.
    func checkPath() throws(InvalidValue) {
        if path.utf8.contains(UInt8(ascii: "#")) {
            throw InvalidValue(
                .invalidCharacter,
                "A stream's URL has no #. In a user name, a password or a path write it as %23 (and / as %2F, ? as %3F, @ as %40)."
            )
        }
        if path.utf8.contains(UInt8(ascii: "@")) {
            throw InvalidValue(
                .invalidCharacter,
                "There is an @ behind the host. In a user name or a password write / as %2F, ? as %3F and # as %23; in a path write @ as %40."
            )
        }
        if path != StreamPath.mask, path.contains(CameraSecret.mask) {
            throw InvalidValue(
                .malformed,
                "\(StreamPath.mask) stands for all that follows the host; give it alone, or the whole in full.")
        }
    }

    /// Where the authority's host ends and its port, with the colon before it, begins.
    private var hostEnd: String.Index {
        if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
            return authority.index(after: bracket)
        }
        return authority.firstIndex(of: ":") ?? authority.endIndex
    }

    /// The host as it was written, and the port where one is named.
    var place: (host: String, port: UInt16?) {
        (String(authority[..<hostEnd]), UInt16(authority[hostEnd...].dropFirst()))
    }

    func checkHost() throws(InvalidValue) {
        let isBracketed = authority.hasPrefix("[")
        let hostEnd = hostEnd
        let host = authority[..<hostEnd]
        guard !host.isEmpty else { throw InvalidValue(.missingHost, "A stream's URL names a host after ://") }
        let isHost =
            isBracketed
            ? host.count > 3 && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
            : host.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
        guard isHost else { throw InvalidValue(.malformed, "The host in the stream's URL is not one.") }

        let port = authority[hostEnd...]
        let digits = port.dropFirst()
        guard port.isEmpty || port.first == ":" && digits.allSatisfy(\.isNumber) && (UInt16(digits) ?? 0) > 0 else {
            throw InvalidValue(.malformed, "The port in the stream's URL is a number from 1 to 65535.")
        }
    }
}
