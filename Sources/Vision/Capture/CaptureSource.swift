import Foundation

/// What FFmpeg opens to get pictures: a file, or a stream with the options that its kind allows.
package struct CaptureSource: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case rtsp, http, file, rtmp
    }

    package let kind: Kind
    /// What FFmpeg opens: an absolute path, or an address with a scheme of its kind. May hold a password.
    let location: String
    /// The HTTP proxy on this machine through which alone FFmpeg connects; nil where the location itself is one's own.
    private let proxyPort: UInt16?
    /// What an RTMP server is told that it was called by, where that is not the location.
    private let serverURL: String?

    /// - Parameter url: `file:///path` or an absolute path for files; otherwise an address of the kind's schemes.
    package init(
        kind: Kind, url: String, proxyPort: UInt16? = nil, serverURL: String? = nil
    ) throws(VisionError) {
        self.kind = kind
        self.proxyPort = proxyPort
        self.serverURL = serverURL
        guard !url.utf8.contains(0) else { throw .unsupportedAddress(reason: "it contains a null byte") }
        // Or it would go on as further options.
        guard serverURL?.utf8.contains(where: ";|".utf8.contains) != true else {
            throw .unsupportedAddress(reason: "what the server is called by holds ; or |")
        }
        if kind == .file {
            location = try CaptureSource.path(url)
        } else {
            let scheme = url.prefix { $0 != ":" }.lowercased()
            guard kind.schemes.contains(scheme), url.dropFirst(scheme.count).hasPrefix("://") else {
                let schemes = kind.schemes.map { "\($0)://" }.joined(separator: " or ")
                throw .unsupportedAddress(reason: "a stream of type \(kind.rawValue) starts with \(schemes)")
            }
            location = url
        }
    }

    /// FFmpeg's options ("key;value|key;value").
    var options: String {
        var options = kind.options
        if let proxyPort { options += "|http_proxy;http://127.0.0.1:\(proxyPort)" }
        if let serverURL { options += "|rtmp_tcurl;\(serverURL)" }
        return options
    }

    /// Whether frames that are not taken in time are gone.
    package var isLive: Bool { kind != .file }

    private static func path(_ url: String) throws(VisionError) -> String {
        if url.hasPrefix("/") { return url }
        guard url.hasPrefix("file://"), let parsed = URL(string: url), parsed.isFileURL,
            [nil, "", "localhost"].contains(parsed.host(percentEncoded: false))
        else {
            throw .unsupportedAddress(reason: "a stream of type file is file:///… or an absolute path")
        }
        let path = parsed.path(percentEncoded: false)
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw .unsupportedAddress(reason: "the path is not absolute")
        }
        return path
    }
}

extension CaptureSource.Kind {
    fileprivate var schemes: [String] {
        switch self {
        case .rtsp: ["rtsp", "rtsps"]
        case .http: ["http", "https"]
        case .rtmp: ["rtmp", "rtmps"]
        case .file: ["file"]
        }
    }

    /// What an address names may name others in turn, as play lists do: so each kind may open only its own protocols, and
    /// only containers that hold their video themselves; over HTTP play lists too, whose parts come through its proxy.
    /// RTSP takes its media on the connection that is there: media by UDP would go wherever the camera says.
    fileprivate var options: String {
        switch self {
        case .rtsp: "rtsp_transport;tcp|protocol_whitelist;rtsp,tcp|format_whitelist;rtsp"
        case .http:
            "protocol_whitelist;http,https,httpproxy,tcp,tls,crypto|format_whitelist;"
                + "hls,mpjpeg,aac,mp3,webvtt,\(Self.containers)"
        case .rtmp: "protocol_whitelist;rtmp,tcp|format_whitelist;flv,live_flv"
        case .file: "protocol_whitelist;file|format_whitelist;\(Self.containers)"
        }
    }

    private static let containers =
        "avi,mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,flv,asf,ogg,h264,hevc,m4v,mjpeg,mxf,ivf"
}
