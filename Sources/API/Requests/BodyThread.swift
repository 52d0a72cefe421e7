import Foundation

/// The thread on which requests with large bodies are worked on. To read a megabyte of JSON takes tens of milliseconds; on
/// the pool's few threads nothing else would run meanwhile. One thread, so that the pool always has its share of the
/// processors.
final class BodyThread: TaskExecutor {
    static let shared = BodyThread()

    private let queue = DispatchQueue(label: "footfall.bodies")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
