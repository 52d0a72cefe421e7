import Foundation
import Logging

/// A session with the server, in libpq's pipeline mode on a thread of its own.
///
/// Any number of tasks may send requests at the same time; they are answered in the order in which they were sent,
/// without waiting for one another's answers. No call blocks a thread of the cooperative pool. Cancelling a task does
/// not withdraw its request: what was sent is done, and its answer awaited up to the target's deadline.
package final class Connection: Sendable {
    let inbox: Inbox
    private let slowQueries: SlowQueries?
    /// The number of the database's history that the session is on, see `History`; 0 where that is not asked.
    package let history: Int64

    private init(inbox: Inbox, slowQueries: SlowQueries? = nil, history: Int64 = 0) {
        self.inbox = inbox
        self.slowQueries = slowQueries
        self.history = history
    }

    /// - Parameters:
    ///   - onEnd: called once on the session's thread when the session has ended, for whatever reason.
    ///   - onNotification: called on the session's thread for each notification; must not block.
    package static func open(
        _ target: ConnectionTarget, logger: Logger, onEnd: (@Sendable () -> Void)? = nil,
        onNotification: (@Sendable (Notification) -> Void)? = nil
    ) async throws(PostgresError) -> Connection {
        let inbox = Inbox()
        let failure: PostgresError? = await withCheckedContinuation { continuation in
            let thread = Thread {
                let session: Session
                do throws(PostgresError) {
                    session = try Session(target, inbox: inbox, logger: logger, onNotification: onNotification)
                } catch {
                    inbox.end(error)
                    continuation.resume(returning: error)
                    return
                }
                continuation.resume(returning: nil)
                session.run()
                onEnd?()
            }
            thread.name = "pg-" + target.applicationName
            thread.start()
        }
        if let failure { throw failure }
        let slowQueries = target.slowQuery.map { SlowQueries(threshold: $0, logger: logger) }
        guard let history = target.history else { return Connection(inbox: inbox, slowQueries: slowQueries) }
        do throws(PostgresError) {
            let number = try await history.number(of: Connection(inbox: inbox))
            return Connection(inbox: inbox, slowQueries: slowQueries, history: number)
        } catch {
            inbox.close()
            if case .connectionLost(let reason) = error { throw .unreachable(reason: reason) }
            throw error
        }
    }

    /// Whether requests can still be sent; false from the moment at which the loss of the session is noticed.
    package var isOpen: Bool { inbox.isOpen }

    /// Runs one statement in a transaction of its own, or in the one that was begun on this connection.
    @discardableResult
    package func query(_ sql: String, _ parameters: [Parameter] = []) async throws(PostgresError) -> Rows {
        try await pipeline([Statement(sql, parameters)])[0]
    }

    /// Runs statements one after another in a single round trip and, outside of a transaction that was begun, in a
    /// single implicit transaction: all or none take effect. Throws the first statement's error that fails.
    package func pipeline(_ statements: [Statement]) async throws(PostgresError) -> [Rows] {
        if statements.isEmpty { return [] }
        guard let slowQueries else { return try await perform(.statements(statements)) }
        let began = ContinuousClock.now
        defer { slowQueries.note(statements, since: began) }
        return try await perform(.statements(statements))
    }

    /// Runs the statements of one text, separated by semicolons, in a single implicit transaction unless the text
    /// controls transactions itself. There are no bound values and no results.
    package func script(_ sql: String) async throws(PostgresError) {
        _ = try await perform(.script(sql))
    }

    /// Ends the session once what was sent has been answered.
    package func close() { inbox.close() }

    private func perform(_ work: Request.Work) async throws(PostgresError) -> [Rows] {
        try await outcome(of: work).get()
    }

    func outcome(of work: Request.Work) async -> Result<[Rows], PostgresError> {
        await withCheckedContinuation { continuation in
            inbox.send(Request(work: work, reply: continuation))
        }
    }
}

extension Connection {
    /// Runs `body` between BEGIN and COMMIT; rolls back what it did where it throws.
    ///
    /// No other task may use the connection meanwhile. Where the connection breaks during COMMIT the error is
    /// `PostgresError.connectionLost`, and whether the transaction took effect is unknown.
    package func transaction<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await query("begin")
        do {
            let value = try await body()
            try await query("commit")
            return value
        } catch {
            if isOpen { _ = try? await query("rollback") }  // the first error is the one that matters
            throw error
        }
    }
}
