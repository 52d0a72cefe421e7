/// Short names for codecs, by the tags that containers have for them.
enum CodecName {
    /// - Parameter tag: four letters, the first in the lowest byte, or a container's number; 0 where there is none.
    static func name(tag: UInt32) -> String? {
        switch tag {
        // MPEG-TS (ISO 13818-1, table 2-34), FLV
        case 0x1B, 7: return "h264"
        case 0x24: return "hevc"
        case 0x10: return "mpeg4"
        case 0x01, 0x02: return "mpeg2video"
        default: break
        }
        let bytes = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: tag >> $0) }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let letters = String(decoding: bytes, as: UTF8.self).lowercased()
        return switch letters {
        case "avc1", "avc3", "x264": "h264"
        case "hvc1", "hev1", "h265": "hevc"
        case "mjpg", "jpeg": "mjpeg"
        case "mp4v", "fmp4", "xvid", "divx", "dx50": "mpeg4"
        case "div3", "mp43": "msmpeg4v3"
        case "vp80": "vp8"
        case "vp90": "vp9"
        case "av01": "av1"
        default: letters
        }
    }
}
