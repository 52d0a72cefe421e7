/// How a camera's pictures come.
package enum StreamType: String, CaseIterable, Sendable {
    case rtsp, http, file, rtmp

    /// The schemes of the URLs that this type is reached by, the one in clear first.
    package var allSchemes: [StreamScheme] {
        switch self {
        case .rtsp: StreamScheme.rtsp
        case .http: StreamScheme.http
        case .file: StreamScheme.file
        case .rtmp: StreamScheme.rtmp
        }
    }

    /// Their names.
    package var schemes: [String] { allSchemes.map(\.name) }

    /// The type whose streams have URLs of this scheme; nil where there is none.
    package init?(scheme: String) {
        guard let type = Self.allCases.first(where: { $0.schemes.contains(scheme) }) else { return nil }
        self = type
    }
}

/// Where a camera's pictures come from. The URL and the credentials that stood in it are kept apart, so that what is
/// shown and logged cannot hold them.
package struct StreamAddress: Hashable, Sendable {
    package static let maximumLength = 2048
    package let type: StreamType
    /// Without credentials; the scheme in lower case, the rest as it was given.
    package let url: String
    /// `user:password` as it stood in the URL, percent-encoding kept.
    package let credentials: CameraSecret?

    /// Takes a URL apart (RFC 3986). Where its authority holds several `@`, the last one ends the credentials, so that
    /// no part of a password that was not encoded remains in the URL.
    /// - Parameter type: nil for the one that the URL's scheme tells.
    package init(_ text: String, type given: StreamType?) throws(InvalidValue) {
        guard text.unicodeScalars.count <= Self.maximumLength else {
            throw InvalidValue(.tooLong, "A stream's URL has at most \(Self.maximumLength) characters.")
        }
        for scalar in text.unicodeScalars
        where scalar == "\\" || scalar.properties.generalCategory == .control || scalar.properties.isWhitespace {
            throw InvalidValue(
                .invalidCharacter, "A stream's URL holds no spaces, control characters and backslashes.")
        }
        guard let parts = URLParts(text) else {
            throw InvalidValue(.malformed, "A stream's URL looks like \((given ?? .rtsp).schemes[0])://…")
        }
        guard let type = given ?? StreamType(scheme: parts.scheme) else {
            let schemes = StreamType.allCases.flatMap(\.schemes).joined(separator: ", ")
            throw InvalidValue(.schemeMismatch, "A stream's URL begins with one of \(schemes).")
        }
        guard type.schemes.contains(parts.scheme) else {
            let schemes = type.schemes.joined(separator: " or ")
            throw InvalidValue(.schemeMismatch, "The URL of a stream of type \(type.rawValue) begins with \(schemes).")
        }
        if type == .file {
            // This machine, which is meant where none is named (RFC 8089).
            let isHere = parts.authority.isEmpty || parts.authority.lowercased() == "localhost"
            guard isHere, parts.credentials == nil, parts.path.hasPrefix("/"), parts.path.count > 1
            else {
                throw InvalidValue(.pathNotAbsolute, "A file is named by its absolute path: file:///path/to/video.mp4")
            }
        } else {
            try parts.checkHost()
        }
        self.init(
            type: type, url: type == .file ? "\(parts.scheme)://\(parts.path)" : parts.url,
            credentials: parts.credentials.map { $0 == CameraSecret.mask ? .masked : .clear($0) })
    }

    /// Puts stored parts together again.
    init(type: StreamType, url: String, credentials: CameraSecret?) {
        self.type = type
        self.url = url
        self.credentials = credentials
    }

    /// For everybody's eyes: `rtsp://***@host/…` where there are credentials.
    package var masked: String { url(with: credentials.map { _ in CameraSecret.mask }) }

    /// For who opens the stream, and knows the credentials.
    package func url(with credentials: String?) -> String {
        credentials.map { Self.url(url, with: $0) } ?? url
    }

    /// A URL without credentials, with these in it.
    package static func url(_ url: String, with credentials: String) -> String {
        guard let parts = URLParts(url) else { return url }
        return "\(parts.scheme)://\(credentials)@\(parts.authority)\(parts.path)"
    }

    package func with(_ credentials: CameraSecret?) -> StreamAddress {
        StreamAddress(type: type, url: url, credentials: credentials)
    }

    /// Whether a secret that was given for `known` may stay with this address: it goes to the same scheme, host and port,
    /// or from a scheme in clear to its secure one.
    package func keepsSecrets(of known: StreamAddress) -> Bool {
        guard let here = StreamDestination(self), let there = StreamDestination(known) else { return false }
        return here.isAsSafe(as: there)
    }

    /// The address with a mask for credentials replaced by those of `known`, if that has some which may stay; nil if it
    /// has not. An address without a mask is left as it is.
    func unmasked(by known: StreamAddress) -> StreamAddress? {
        guard credentials == .masked else { return self }
        guard let credentials = known.credentials, keepsSecrets(of: known) else { return nil }
        return with(credentials)
    }
}
