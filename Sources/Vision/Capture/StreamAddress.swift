import Foundation

/// Where a camera's pictures come from.
package struct StreamAddress: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case rtsp, http, file, rtmp
    }

    package let kind: Kind
    /// What FFmpeg opens: an absolute path, or an address with a scheme of its kind. May hold a password.
    let location: String

    /// - Parameter url: `file:///path` or an absolute path for files; otherwise an address of the kind's schemes.
    package init(kind: Kind, url: String) throws(VisionError) {
        self.kind = kind
        guard !url.utf8.contains(0) else { throw .unsupportedAddress(reason: "it contains a null byte") }
        if kind == .file {
            location = try StreamAddress.path(url)
        } else {
            let scheme = url.prefix { $0 != ":" }.lowercased()
            guard kind.schemes.contains(scheme), url.dropFirst(scheme.count).hasPrefix("://") else {
                let schemes = kind.schemes.map { "\($0)://" }.joined(separator: " or ")
                throw .unsupportedAddress(reason: "a stream of type \(kind.rawValue) starts with \(schemes)")
            }
            location = url
        }
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

extension StreamAddress.Kind {
    fileprivate var schemes: [String] {
        switch self {
        case .rtsp: ["rtsp", "rtsps"]
        case .http: ["http", "https"]
        case .rtmp: ["rtmp", "rtmps", "rtmpt"]
        case .file: ["file"]
        }
    }

    /// FFmpeg's options ("key;value|key;value"). What an address names may name others in turn, as play lists do:
    /// so each kind may open only its own protocols, and a file only containers that hold their video themselves.
    var options: String {
        switch self {
        case .rtsp: "rtsp_flags;prefer_tcp|protocol_whitelist;rtsp,rtsps,rtp,udp,tcp,tls"
        case .http: "protocol_whitelist;http,https,tcp,tls,crypto"
        case .rtmp: "protocol_whitelist;rtmp,rtmps,rtmpt,http,https,tcp,tls"
        case .file:
            "protocol_whitelist;file|format_whitelist;"
                + "avi,mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,flv,asf,ogg,h264,hevc,m4v,mjpeg,mxf,ivf"
        }
    }
}
