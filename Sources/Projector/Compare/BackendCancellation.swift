import Logging
import Postgres
import Synchronization

/// Runs a body that uses one connection, alone; where the task is cancelled meanwhile, has the server cancel the
/// statement that the connection is at.
struct BackendCancellation: Sendable {
    private final class Ending: Sendable {
        let hasCome = Mutex(false)
        var isDone: Bool { hasCome.withLock { $0 } }
    }

    let connection: Connection
    let target: ConnectionTarget
    let logger: Logger

    /// Returns or throws what `body` does, a `CancellationError` where its statement was cancelled. Nothing is cancelled
    /// any more afterwards.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let backend = try await connection.query("select pg_backend_pid() as pid")[0].integer("pid")
        let ending = Ending()
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                defer { ending.hasCome.withLock { $0 = true } }
                do { return try await body() } catch let error as PostgresError
                    where error.sqlState == SQLState.queryCanceled
                {
                    throw CancellationError()
                }
            }
            group.addTask {
                // Until it is cancelled: by the caller or, below, because the body has ended.
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
                try await cancel(backend, until: ending)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            throw CancellationError()
        }
    }

    static let cancellation = SQLQuery(
        "cancel_backend", "select pg_cancel_backend(:pid::int), pg_sleep(0.05)", parameters: ["pid": .integer])

    /// Again and again, since between two of the body's statements there is none to cancel.
    private func cancel(_ backend: Int64, until ending: Ending) async throws {
        if ending.isDone { return }
        let administration = try await Connection.open(target, logger: logger)
        defer { administration.close() }
        while !ending.isDone {
            try await administration.query(Self.cancellation, ["pid": .integer(backend)])
        }
    }
}
