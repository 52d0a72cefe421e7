import Foundation
import Logging
import NIOPosix
import TestSupport
import Testing

@testable import API

@Suite(.timeLimit(.minutes(2))) struct StallWatchTests {
    @Test func anEventLoopThatIsHeldIsMeasured() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let metrics = PrometheusMetrics()
        let watch = StallWatch(group, metrics: metrics, logger: .silent)
        let name = #"footfall_event_loop_stall_seconds{thread="loop0"} "#
        func shown() -> Double {
            metrics.text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap {
                Double($0.dropFirst(name.count))
            } ?? 0
        }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await watch.run() }
            while shown() < 0.25 {
                // What the watch asks for meanwhile has to wait.
                group.any().execute { usleep(500_000) }
                try? await group.any().submit {}.get()  // it does not fail
            }
            #expect(metrics.text.contains(#"footfall_event_loop_stall_seconds{thread="pool"}"#))
            tasks.cancelAll()
        }
        try await group.shutdownGracefully()
    }

    @Test func theLongestOfAMinuteIsShown() {
        let began = ContinuousClock.now
        let stall = LongestStall("pool", PrometheusMetrics(), at: began)
        stall.note(.milliseconds(300), at: began)
        stall.note(.milliseconds(20), at: began + .seconds(10))
        #expect(stall.longest == .milliseconds(300))
        stall.note(.milliseconds(10), at: began + .seconds(31))
        #expect(stall.longest == .milliseconds(300))
        stall.note(.milliseconds(5), at: began + .seconds(62))
        #expect(stall.longest == .milliseconds(10))
        stall.note(.milliseconds(1), at: began + .seconds(200))
        #expect(stall.longest == .milliseconds(1))
    }
}
