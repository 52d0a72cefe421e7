import Foundation
import Synchronization

/// A thread on which tasks run that prefer it, and that measures for how long each of their steps holds it: what a task
/// does from one suspension to the next, in time of the processor. Other tests that run meanwhile do not count.
final class MeasuredThread: TaskExecutor {
    private let queue = DispatchQueue(label: "measured")
    private let longest = Mutex(Duration.zero)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in
            let began = Self.processorTime
            job.runSynchronously(on: asUnownedTaskExecutor())
            let took = Self.processorTime - began
            longest.withLock { $0 = max($0, took) }
        }
    }

    /// The longest step of what `body` does.
    func longestStep(of body: () async throws -> Void) async rethrows -> Duration {
        longest.withLock { $0 = .zero }
        try await withTaskExecutorPreference(self) { try await body() }
        return longest.withLock(\.self)
    }

    /// Of the thread that asks.
    static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
