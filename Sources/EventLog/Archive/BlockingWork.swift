import Dispatch

/// Runs work that blocks (files, compression) on a thread of its own queue, off the cooperative pool.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "footfall.archive", qos: .utility)

    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
