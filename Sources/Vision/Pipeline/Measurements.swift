import Foundation
import Synchronization

/// How a stream went since the measurements before.
package struct Measurements: Sendable, Hashable {
    /// Frames processed a second.
    package var fps: Double
    /// Frames that came but were left out because processing lagged.
    package var framesDropped: Int
    /// Means over the processed frames; nil where there were none.
    package var decodeTime: Duration?
    package var inferenceTime: Duration?
    /// 0 (useless) to 1; nil where no picture was looked at. See `PictureQuality`, which gives the picture's part;
    /// the other part is the share of frames that were not dropped.
    package var quality: Double?
    /// From the attempt to open the stream to its first frame; nil before that.
    package var responseTime: Duration?
}

/// Gathers measurements on the pipeline's threads, to be taken from any other.
final class Meter: Sendable {
    private struct State {
        var since: ContinuousClock.Instant
        var processed = 0
        var dropped = 0
        var decode = Duration.zero
        var inference = Duration.zero
        var qualities: [Double] = []
        var response: Duration?
    }

    private let state: Mutex<State>

    init(now: ContinuousClock.Instant) {
        state = Mutex(State(since: now))
    }

    func opened(after time: Duration) {
        state.withLock { $0.response = time }
    }

    func processed(decode: Duration, inference: Duration) {
        state.withLock {
            $0.processed += 1
            $0.decode += decode
            $0.inference += inference
        }
    }

    func dropped() {
        state.withLock { $0.dropped += 1 }
    }

    func looked(quality: Double) {
        state.withLock { $0.qualities.append(quality) }
    }

    /// The measurements since the last call; begins the next interval.
    func take(now: ContinuousClock.Instant) -> Measurements {
        state.withLock { state in
            let seconds = (now - state.since) / .seconds(1)
            let frames = state.processed
            let kept = Double(frames) / Double(max(1, frames + state.dropped))
            let picture = state.qualities.reduce(0, +) / Double(max(1, state.qualities.count))
            let result = Measurements(
                fps: seconds > 0 ? Double(frames) / seconds : 0,
                framesDropped: state.dropped,
                decodeTime: frames > 0 ? state.decode / frames : nil,
                inferenceTime: frames > 0 ? state.inference / frames : nil,
                quality: state.qualities.isEmpty ? nil : picture * kept,
                responseTime: state.response)
            state = State(since: now, response: state.response)
            return result
        }
    }
}
