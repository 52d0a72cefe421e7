/// What goes wrong between a camera and its detections. No text carries an address, which may hold a password.
package enum VisionError: Error, Sendable, Hashable {
    /// The address does not fit its type, as in a `file` stream at `http://…`.
    case unsupportedAddress(reason: String)
    /// Nothing readable as video is there, or it did not answer in time.
    case cannotOpen
    /// A live stream stopped giving frames.
    case interrupted(afterFrames: Int)
    /// A file gave fewer frames than it announced: it is cut off or damaged.
    case truncated(frames: Int, announced: Int)
    /// A file is longer than it can be, so that its end would lie in the future.
    case endsAhead(length: Duration)
    /// No such detector: not one of the names, or a model is needed and none is configured.
    case noDetector(name: String, reason: String)
    /// A model's files are missing or not understood.
    case unusableModel(path: String, reason: String)
    /// OpenCV failed in a way that is not expected of the input.
    case library(String)
}

extension VisionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsupportedAddress(let reason): "unsupported stream address: \(reason)"
        case .cannotOpen: "cannot open the stream: nothing readable there, or no answer in time"
        case .interrupted(let frames): "the stream stopped after \(frames) frames"
        case .truncated(let frames, let announced):
            "the file ended after \(frames) of \(announced) frames: it is cut off or damaged"
        case .endsAhead(let length):
            "the recording's end lies in the future: it is \(Int((length / .seconds(1)).rounded(.up))) s long"
        case .noDetector(let name, let reason): "no detector \"\(name)\": \(reason)"
        case .unusableModel(let path, let reason): "unusable model \(path): \(reason)"
        case .library(let text): "OpenCV: \(text)"
        }
    }
}
