import Foundation
import Logging

/// A session with the server, in libpq's pipeline mode on a thread of its own.
///
/// Any number of tasks may send requests at the same time; they are answered in the order in which they were sent,
/// without waiting for one another's answers. No call blocks a thread of the cooperative pool. Cancelling a task does
/// not withdraw its request: what was sent is done, and its answer awaited up to the target's deadline. Only where the
/// target says `cancelsUnawaited` the server is asked to cancel it, which it answers with SQLSTATE 57014; what was not
/// sent yet fails with `PostgresError.abandoned`.
package final class Connection: Sendable {
    let inbox: Inbox
    private let slowQueries: SlowQueries?
    private let cancelsUnawaited: Bool
    /// The number of the database's history that the session is on, see `History`; 0 where that is not asked.
    package let history: Int64

    private init(inbox: Inbox, target: ConnectionTarget? = nil, slowQueries: SlowQueries? = nil, history: Int64 = 0) {
        self.inbox = inbox
        self.slowQueries = slowQueries
        cancelsUnawaited = target?.cancelsUnawaited ?? false
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
        guard let history = target.history else {
            return Connection(inbox: inbox, target: target, slowQueries: slowQueries)
        }
        do throws(PostgresError) {
            let number = try await history.number(of: Connection(inbox: inbox))
            return Connection(inbox: inbox, target: target, slowQueries: slowQueries, history: number)
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
    package func query(_ sql: String) async throws(PostgresError) -> Rows { try await query(sql, []) }

    @discardableResult
    func query(_ sql: String, _ parameters: [Parameter]) async throws(PostgresError) -> Rows {
        try await pipeline([Statement(sql, parameters)])[0]
    }

    /// Runs statements one after another in a single round trip and, outside of a transaction that was begun, in a
    /// single implicit transaction: all or none take effect. Throws the first statement's error that fails.
    /// - Parameter isShared: whether others than this task wait for the rows, too: then its being cancelled is no reason
    ///   to cancel the statements.
    package func pipeline(
        _ statements: [Statement], isShared: Bool = false
    ) async throws(PostgresError) -> [Rows] {
        if statements.isEmpty { return [] }
        let began = ContinuousClock.now
        defer { slowQueries?.note(statements, since: began) }
        guard cancelsUnawaited, !isShared else { return try await perform(.statements(statements)) }
        let interest = Interest()
        let answer = await withTaskCancellationHandler {
            await outcome(of: .statements(statements), interest)
        } onCancel: {
            interest.end()
            inbox.wake()
        }
        return try answer.get()
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

    func outcome(of work: Request.Work, _ interest: Interest? = nil) async -> Result<[Rows], PostgresError> {
        await withCheckedContinuation { continuation in
            inbox.send(Request(work: work, interest: interest, reply: continuation))
        }
    }
}

extension Connection {
    /// Runs `body` between BEGIN and COMMIT; rolls back what it did where it throws.
    ///
    /// No other task may use the connection meanwhile. Where the connection breaks during COMMIT the error is
    /// `PostgresError.connectionLost`, and whether the transaction took effect is unknown. It begins and ends whether or
    /// not the task is cancelled.
    package func transaction<Value>(_ body: () async throws -> Value) async throws -> Value {
        func run(_ sql: String) async throws(PostgresError) { _ = try await pipeline([Statement(sql)], isShared: true) }
        try await run("begin")
        do {
            let value = try await body()
            try await run("commit")
            return value
        } catch {
            if isOpen { _ = try? await run("rollback") }  // the first error is the one that matters
            throw error
        }
    }
}
