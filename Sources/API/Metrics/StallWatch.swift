import Logging
import Metrics
import NIOCore
import Resilience
import Synchronization

/// Measures for how long the process did not get to run: each of the server's event loops, and the pool on which all tasks
/// run. What holds them (work without end, a call that blocks, a machine that is too busy) holds every client.
///
/// `footfall_event_loop_stall_seconds` is the longest time of the last minute by which something came later than it was
/// due, by `thread`: `pool`, or `loop` with the loop's number.
package struct StallWatch: Sendable {
    private let loops: [any EventLoop]
    private let logger: Logger
    private let pool: LongestStall
    private let ofLoops: [LongestStall]

    private static let interval = Duration.milliseconds(100)
    /// From which on it is told in the log.
    private static let long = Duration.seconds(1)

    package init(_ group: any EventLoopGroup, metrics: any MetricsFactory, logger: Logger) {
        loops = Array(group.makeIterator())
        self.logger = logger
        pool = LongestStall("pool", metrics)
        ofLoops = loops.indices.map { LongestStall("loop\($0)", metrics) }
    }

    /// Runs until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let due = ContinuousClock.now + Self.interval
            for (loop, stall) in zip(loops, ofLoops) {
                let asked = ContinuousClock.now
                loop.execute { note(asked.duration(to: .now), stall) }
            }
            try? await Task.sleep(until: due, clock: .continuous)  // cancelled, it ends
            note(due.duration(to: .now), pool)
        }
    }

    private func note(_ late: Duration, _ stall: LongestStall) {
        stall.note(late)
        if late >= Self.long, FailureNotices.shared.isDue("stall of \(stall.thread)") {
            logger.warning(
                "the process did not get to run", metadata: ["thread": "\(stall.thread)", "for": "\(late)"])
        }
    }
}

/// The longest stall of one thread or pool in the last minute, shown as a gauge.
final class LongestStall: Sendable {
    typealias Instant = ContinuousClock.Instant

    let thread: String
    private let gauge: Gauge
    /// Of this half minute, and of the one before.
    private let halves: Mutex<(began: Instant, now: Duration, before: Duration)>

    private static let half = Duration.seconds(30)

    init(_ thread: String, _ metrics: any MetricsFactory, at now: Instant = .now) {
        self.thread = thread
        gauge = Gauge(
            label: "footfall_event_loop_stall_seconds", dimensions: [("thread", thread)], factory: metrics)
        halves = Mutex((now, .zero, .zero))
    }

    var longest: Duration { halves.withLock { max($0.now, $0.before) } }

    func note(_ late: Duration, at now: Instant = .now) {
        let longest = halves.withLock { halves in
            if halves.began + Self.half <= now {
                let isNext = halves.began + Self.half * 2 > now
                halves = (now, .zero, isNext ? halves.now : .zero)
            }
            halves.now = max(halves.now, late)
            return max(halves.now, halves.before)
        }
        gauge.record(longest / .seconds(1))
    }
}
