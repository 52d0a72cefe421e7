import EventSourcing
import Logging

/// Removes what is kept of requests under keys once it is a day old: some every minute, so that it never takes long.
/// Any number of processes may do so at the same time.
package struct RequestSweeper: Sendable {
    /// How long the answer of a request is kept.
    package static let keeping = Duration.seconds(24 * 60 * 60)

    private static let pause = Duration.seconds(60)
    private static let pieces = 10
    private static let piece = 1000

    private let requests: any IdempotentRequests
    private let logger: Logger

    package init(_ requests: any IdempotentRequests, logger: Logger) {
        self.requests = requests
        self.logger = logger
    }

    /// Returns when its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do throws(EventLogError) { try await sweep() } catch {
                logger.warning("old requests could not be cleared; will try again", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: Self.pause)  // cancellation ends the loop
        }
    }

    package func sweep() async throws(EventLogError) {
        for _ in 0..<Self.pieces {
            if try await requests.clear(olderThan: Self.keeping, limit: Self.piece) < Self.piece { return }
        }
    }
}
