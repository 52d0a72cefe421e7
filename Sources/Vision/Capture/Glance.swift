import Foundation

/// What a stream turned out to be, when it was looked at once.
package struct Glance: Sendable, Hashable {
    package let codec: String?
    package let width: Int
    package let height: Int
    /// As the stream says itself.
    package let fps: Double?
    /// How long a file says that it is; nil for what has no end, or does not say it.
    package let duration: Duration?

    /// Opens a stream, decodes its first frame and closes it, on a thread of its own. Cancelling the task does not
    /// shorten it: `timeouts` do.
    package static func at(_ source: CaptureSource, timeouts: CaptureTimeouts) async throws(VisionError) -> Glance {
        let result: Result<Glance, VisionError> = await withCheckedContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    returning: Result { () throws(VisionError) in try look(at: source, timeouts: timeouts) })
            }
            thread.name = "glance"
            thread.stackSize = 4 << 20
            thread.start()
        }
        return try result.get()
    }

    private static func look(at source: CaptureSource, timeouts: CaptureTimeouts) throws(VisionError) -> Glance {
        let capture = try Capture(source, timeouts: timeouts)
        let picture = try Picture()
        guard try capture.grab(), try capture.retrieve(into: picture) else { throw .cannotOpen }
        let duration = capture.fps.flatMap { fps in
            capture.announcedFrames.map { Duration.seconds(Double($0) / fps) }
        }
        return Glance(
            codec: capture.codec, width: picture.width, height: picture.height, fps: capture.fps, duration: duration)
    }
}
