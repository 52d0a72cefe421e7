import NIOCore
import Synchronization

/// A connection that was accepted and waits to be served.
///
/// A server that ends drops those that it has not come to. NIO ends the process where a `NIOAsyncChannel` is dropped
/// unused, so this closes it.
final class AcceptedConnection: Sendable {
    private let waiting: Mutex<LoopbackServer.Connection?>

    init(_ connection: LoopbackServer.Connection) { waiting = Mutex(connection) }

    /// The connection, once; anyone who takes it must use it by `executeThenClose`.
    func take() -> LoopbackServer.Connection? {
        waiting.withLock { connection in
            defer { connection = nil }
            return connection
        }
    }

    deinit {
        guard let connection = take() else { return }
        // It does not matter how a connection ends of which nothing was read.
        Task { try? await connection.executeThenClose { _, _ in } }
    }
}
