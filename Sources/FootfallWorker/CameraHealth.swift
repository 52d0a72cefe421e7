import EventSourcing
import Foundation
import Synchronization
import Vision

/// How a camera is, from one heartbeat to the next.
final class CameraHealth: Sendable {
    private struct State {
        var pipeline: Pipeline?
        var error: String?
        var isOver = false
        var usage = ProcessUsage()
        var sequence: Int64 = 0
    }

    /// What comes over the network; nil for a file.
    let traffic: StreamTraffic?
    private let source: String
    private let state = Mutex(State())

    init(workerID: String, traffic: StreamTraffic? = nil) {
        self.traffic = traffic
        source = "\(workerID):\(Timestamp(Date()).microseconds / 1000):\(UInt32.random(in: 0 ... .max)):hb"
    }

    /// What keeps the stream from being watched; nil while it is watched.
    var error: String? {
        get { state.withLock { $0.error } }
        set { state.withLock { $0.error = newValue } }
    }

    /// From here on it is not watched any more, in order.
    func ends() { state.withLock { $0.isOver = true } }

    func watches(_ pipeline: Pipeline) { state.withLock { $0.pipeline = pipeline } }

    /// The heartbeat for the time since the last one.
    /// - Parameter heldUp: why readings wait that the server does not take; nil where none do.
    func heartbeat(losses: ReadingLosses, heldUp: String? = nil, now: Timestamp) -> JSON {
        state.withLock { state in
            state.sequence += 1
            let measured = state.pipeline?.takeMeasurements()
            func milliseconds(_ duration: Duration?) -> JSON? { duration.map { .number($0 / .milliseconds(1)) } }
            let error =
                losses.sentence ?? heldUp.map { "readings wait, for the server refuses them: \($0)" } ?? state.error
            return .members([
                "source": .string(source),
                "sequence": .integer(state.sequence),
                "observed_at": .string(now.rfc3339),
                "status": state.isOver ? "offline" : error == nil ? "online" : "error",
                "fps": measured.map { .number($0.fps) },
                "frames_dropped": measured.map { .integer(Int64($0.framesDropped)) },
                "readings_refused": losses.refused > 0 ? .integer(Int64(losses.refused)) : Optional.none,
                "readings_given_up": losses.givenUp > 0 ? .integer(Int64(losses.givenUp)) : Optional.none,
                "decode_time_ms": milliseconds(measured?.decodeTime),
                "inference_time_ms": milliseconds(measured?.inferenceTime),
                "response_time_ms": milliseconds(measured?.responseTime),
                "stream_quality_score": measured?.quality.map { .number(min(1, max(0, $0))) },
                "network_bandwidth": traffic?.takeBandwidth().map(JSON.number),
                // Of the whole worker: its cameras share the threads of the detector.
                "cpu_usage": state.usage.cpu().map(JSON.number),
                "memory_usage": state.usage.memory().map(JSON.number),
                "error_message": error.map { .string(String($0.prefix(1000))) },
            ])
        }
    }
}

/// Numbers the readings of one run, from whichever thread its pipeline runs on.
final class LockedNumbering: Sendable {
    private let numbering: Mutex<ReadingNumbering>

    init(_ numbering: ReadingNumbering) { self.numbering = Mutex(numbering) }

    func readings(of report: FrameReport) -> [Reading] { numbering.withLock { $0.readings(of: report) } }
}

/// How long a file is that was played to its end; zero before.
final class PlayedLength: Sendable {
    private let length = Mutex(Duration.zero)

    var value: Duration { length.withLock { $0 } }

    func set(_ length: Duration) { self.length.withLock { $0 = length } }
}
