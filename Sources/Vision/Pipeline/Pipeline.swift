import Foundation

/// Watches one stream and reports what crosses its lines.
///
/// Capture and detection block, so they run on threads of their own, never on Swift's cooperative pool.
package final class Pipeline: Sendable {
    package enum Event: Sendable {
        /// The first frame was decoded.
        case started(width: Int, height: Int)
        case crossed(FrameReport)
        /// A file was played to its end: how long it is.
        case ended(after: Duration)
    }

    package enum Ending: Sendable, Hashable {
        /// The file was played to its end.
        case ended
        /// The task was cancelled.
        case stopped
    }

    private let settings: PipelineSettings
    private let timeouts: CaptureTimeouts
    private let handler: @Sendable (Event) -> Void
    private let meter = Meter(now: .now)
    private let stop = StopSignal()

    /// - Parameter handler: called on the pipeline's thread, which it may block: a file then waits, and a live stream
    ///   drops frames. It must return soon after the task that runs the pipeline is cancelled.
    package init(
        _ settings: PipelineSettings, timeouts: CaptureTimeouts = CaptureTimeouts(),
        handler: @escaping @Sendable (Event) -> Void
    ) {
        self.settings = settings
        self.timeouts = timeouts
        self.handler = handler
    }

    /// Opens the stream and watches it to its end. Call it once.
    ///
    /// Cancelling the task ends it as `.stopped` after the current frame, or after the time-out of a stream that does
    /// not answer.
    package func run() async throws(VisionError) -> Ending {
        let result: Result<Ending, VisionError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread { [self] in
                    continuation.resume(returning: Result { () throws(VisionError) in try watch() })
                }
                thread.name = "pipeline"
                thread.stackSize = 4 << 20
                thread.start()
            }
        } onCancel: {
            stop.set()
        }
        return try result.get()
    }

    /// The measurements since the last call. From any thread.
    package func takeMeasurements() -> Measurements {
        meter.take(now: .now)
    }

    private func watch() throws(VisionError) -> Ending {
        // The detector first: a missing model is known before a camera is troubled.
        let analysis = try SceneAnalysis(settings)
        let quality = try PictureQuality()
        let look = Look(analysis: analysis, quality: quality, meter: meter, handler: handler)
        if settings.source.isLive {
            return try LiveReader(settings: settings, timeouts: timeouts, meter: meter, stop: stop).run(look)
        }
        return try FileReader(settings: settings, timeouts: timeouts, meter: meter, stop: stop).run(look)
    }
}

/// What happens to each frame, whatever it was read from.
struct Look {
    let analysis: SceneAnalysis
    let quality: PictureQuality
    let meter: Meter
    let handler: @Sendable (Pipeline.Event) -> Void

    func started(_ picture: Picture, after time: Duration) {
        meter.opened(after: time)
        handler(.started(width: picture.width, height: picture.height))
    }

    func at(
        _ picture: Picture, frame: Int, seconds: Double, grabbedAt: Date, decode: Duration
    ) throws(VisionError) {
        let begun = ContinuousClock.now
        let crossings = try analysis.crossings(in: picture, seconds: seconds)
        let inference = ContinuousClock.now - begun
        meter.processed(decode: decode, inference: inference)
        if let score = try quality.look(at: picture, seconds: seconds) { meter.looked(quality: score) }
        report(crossings, frame: frame, seconds: seconds, grabbedAt: grabbedAt, took: inference)
    }

    func report(_ crossings: [Crossing], frame: Int, seconds: Double, grabbedAt: Date, took: Duration) {
        guard !crossings.isEmpty else { return }
        handler(
            .crossed(
                FrameReport(
                    frame: frame, mediaTime: .microseconds((seconds * 1e6).rounded()), grabbedAt: grabbedAt,
                    processingTime: took, modelVersion: analysis.modelVersion, crossings: crossings)))
    }
}
