import EventSourcing
import Foundation

/// What follows the host in a stream's URL: its path and its query. Many cameras are given a password there, or a key
/// that is as good as one, so it is a secret unless it is known to be none.
package enum StreamPath {
    /// Stands for a path and query that are not shown.
    package static let mask = "/" + CameraSecret.mask

    /// Longer ones are secrets.
    private static let maximumLength = 200

    /// What is known to be harmless, in lower case: words that makers of cameras use, and short numbers, so that the
    /// channel can still be recognised; in the query under names of that kind only. A path of one or two characters is
    /// too short for a secret. More than 12 digits, or a letter more than a known word has, make it a secret.
    ///
    /// A regular expression that means the same here and in PostgreSQL, where `harmless_stream_path_pattern()` has it
    /// for events of before. It takes each run of letters as a whole, so there is one way to read a text, and the time
    /// for it grows with its length alone.
    package static let harmlessPattern: String = {
        let words = [
            "aac", "all", "amp", "asf", "audio", "av", "avc", "avi", "avstream", "axis", "bin", "cam",
            "camera", "cameras", "cams", "cgi", "ch", "channel", "channels", "chn", "cif", "def",
            "default", "defaultprimary", "defaultsecondary", "false", "fhd", "first", "flv", "g", "h",
            "hd", "hevc", "high", "hls", "http", "image", "images", "img", "ipcam", "isapi", "jpeg",
            "jpg", "live", "low", "main", "mainstream", "media", "mediainput", "medium", "minor",
            "mjpeg", "mjpg", "motion", "mp", "mpeg", "mpg", "multicast", "mux", "no", "nph",
            "nphmotionjpeg", "off", "on", "onvif", "p", "play", "preview", "primary", "profile",
            "profiles", "psia", "qcif", "qvga", "realmonitor", "rtp", "rtpav", "rtsp", "sav", "sd",
            "sdp", "second", "secondary", "snap", "snapshot", "stream", "streamer", "streaming",
            "streams", "sub", "substream", "tcp", "third", "track", "trackid", "true", "ts", "udp",
            "ufirststream", "uhd", "unicast", "usecondstream", "vga", "video", "videomain", "videos",
            "videostream", "videosub", "view", "viewer", "x", "yes",
        ]
        let names = [
            "cam", "camera", "ch", "channel", "codec", "compression", "fps", "framerate", "height",
            "profile", "proto", "quality", "res", "resolution", "size", "stream", "streamtype",
            "subtype", "trackid", "transport", "transportmode", "unicast", "videocodec", "width",
        ]
        let token = "(?:(?:\(words.joined(separator: "|")))(?![a-z])|[0-9]{1,4}(?![0-9]))"
        let segment = "\(token)(?:[-_.]?\(token))*"
        let pair = "(?:\(names.joined(separator: "|")))=\(segment)"
        let fewDigits = "(?!(?:[^0-9]*[0-9]){13})"
        return "^\(fewDigits)(?:/[a-z0-9]{0,2}|(?:/\(segment))+/?(?:[?]\(pair)(?:&\(pair))*)?)$"
    }()

    private static let harmless = try? NSRegularExpression(pattern: harmlessPattern)

    /// Whether everybody may see it.
    /// - Parameter path: path and query; empty where the URL ends with its authority.
    static func isHarmless(_ path: String, type: StreamType) -> Bool {
        switch type {
        case .file: return true
        // What follows the host names the stream to a server that asks for nothing else: anyone who knows it may
        // publish.
        case .rtmp where path != "/": return path.isEmpty
        case .rtsp, .http, .rtmp: break
        }
        if path.isEmpty { return true }
        guard path.utf8.count <= maximumLength, path.utf8.allSatisfy({ $0 < 0x80 }), let harmless else { return false }
        let lower = path.lowercased()
        return harmless.firstMatch(in: lower, range: NSRange(location: 0, length: lower.utf16.count)) != nil
    }
}
