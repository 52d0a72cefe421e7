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

/// Where a camera's pictures come from. The URL and the secrets that stood in it are kept apart, so that what is shown
/// and logged cannot hold them.
package struct StreamAddress: Hashable, Sendable {
    package static let maximumLength = 2048
    package let type: StreamType
    /// Without credentials, and with `StreamPath.mask` for a path that is a secret; the scheme in lower case, the rest as
    /// it was given.
    package let url: String
    /// `user:password` as it stood in the URL, percent-encoding kept.
    package var credentials: CameraSecret?
    /// All that follows the host, the query included, where that is not known to be harmless.
    package var path: CameraSecret?

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
            self.init(type: type, url: "\(parts.scheme)://\(parts.path)", credentials: nil, path: nil)
            return
        }
        try parts.checkPath()
        try parts.checkHost()
        let credentials = parts.credentials.map { $0 == CameraSecret.mask ? CameraSecret.masked : .clear($0) }
        if parts.path == StreamPath.mask {
            self.init(type: type, url: parts.url, credentials: credentials, path: .masked)
        } else {
            self.init(type: type, wholeURL: parts, credentials: credentials)
        }
    }

    /// Puts stored parts together again.
    /// - Parameter url: as stored; what follows its host is taken out where it is a secret and `path` is nil, as events of
    ///   before hold it.
    init(stored type: StreamType, url: String, credentials: CameraSecret?, path: CameraSecret?) {
        if path == nil, let parts = URLParts(url), parts.path != StreamPath.mask {
            self.init(type: type, wholeURL: parts, credentials: credentials)
        } else {
            self.init(type: type, url: url, credentials: credentials, path: path)
        }
    }

    private init(type: StreamType, wholeURL parts: URLParts, credentials: CameraSecret?) {
        if StreamPath.isHarmless(parts.path, type: type) {
            self.init(type: type, url: parts.url, credentials: credentials, path: nil)
        } else {
            self.init(
                type: type, url: parts.origin + StreamPath.mask, credentials: credentials, path: .clear(parts.path))
        }
    }

    private init(type: StreamType, url: String, credentials: CameraSecret?, path: CameraSecret?) {
        self.type = type
        self.url = url
        self.credentials = credentials
        self.path = path
    }

    /// A URL without credentials as everybody may see it.
    package static func shown(_ url: String) -> String {
        guard let parts = URLParts(url), let type = StreamType(scheme: parts.scheme) else { return url }
        return StreamAddress(stored: type, url: url, credentials: nil, path: nil).url
    }

    /// For everybody's eyes: `rtsp://***@host/***` where there are credentials and a path that is a secret.
    package var masked: String { url(with: credentials.map { _ in CameraSecret.mask }, path: nil) }

    /// For who opens the stream, and knows the secrets.
    package func url(with credentials: String?, path: String?) -> String {
        Self.url(url, with: credentials, path: path)
    }

    /// A URL without secrets, with these in it.
    /// - Parameter path: in place of the mask that follows the host.
    package static func url(_ url: String, with credentials: String?, path: String?) -> String {
        guard let parts = URLParts(url) else { return url }
        let user = credentials.map { "\($0)@" } ?? ""
        return "\(parts.scheme)://\(user)\(parts.authority)\(path ?? parts.path)"
    }

    package func with(_ credentials: CameraSecret?) -> StreamAddress {
        var address = self
        address.credentials = credentials
        return address
    }

    /// Whether a secret that was given for `known` may stay with this address: it goes to the same scheme, host and port,
    /// or from a scheme in clear to its secure one.
    package func keepsSecrets(of known: StreamAddress) -> Bool {
        guard let here = StreamDestination(self), let there = StreamDestination(known) else { return false }
        return here.isAsSafe(as: there)
    }

    /// The address with its masks replaced by what `known` has behind them, if that may stay; nil if there is nothing, or
    /// it may not. An address without a mask is left as it is.
    package func unmasked(by known: StreamAddress) -> StreamAddress? {
        guard credentials == .masked || path == .masked else { return self }
        guard keepsSecrets(of: known) else { return nil }
        var address = self
        if credentials == .masked { address.credentials = known.credentials }
        if path == .masked { address.path = known.path }
        let isWhole = (address.credentials == nil) == (credentials == nil) && (address.path == nil) == (path == nil)
        return isWhole ? address : nil
    }
}
