import Postgres
import Synchronization

/// Lets those who ask the same at the same time have one answer.
///
/// Nobody is given an answer older than their question: who comes while a statement runs waits for the next one, which
/// all that came meanwhile share. So however many ask for one thing, the database is asked for it once at a time, and a
/// lone reader is asked to wait for nothing. What is shared is an answer's rows, never what a principal may see: that is
/// part of the statement and its parameters.
final class SharedReads: Sendable {
    private struct Question: Hashable {
        let sql: String
        let parameters: [Parameter]
    }

    private typealias Answer = Result<Rows, PostgresError>

    /// What somebody who waited is told: the answer, or to ask.
    private enum Turn {
        case answer(Answer)
        case ask
    }

    /// Those behind one question that is being asked.
    private struct Waiters {
        /// They came before it was sent.
        var served: [CheckedContinuation<Turn, Never>] = []
        /// They came later; the first of them asks next.
        var next: [CheckedContinuation<Turn, Never>] = []
    }

    private let pool: Pool
    private let waiters = Mutex<[Question: Waiters]>([:])

    init(pool: Pool) { self.pool = pool }

    /// How many wait for a statement to be run for them.
    var waiting: Int { waiters.withLock { $0.values.reduce(0) { $0 + $1.next.count } } }

    func query(_ statement: Statement) async throws(PostgresError) -> Rows {
        let question = Question(sql: statement.sql, parameters: statement.parameters)
        switch await turn(question) {
        case .answer(let answer): return try answer.get()
        case .ask: break
        }
        let answer = await ask(statement)
        let served = waiters.withLock { waiters in
            let all = waiters.removeValue(forKey: question) ?? Waiters()
            if let asker = all.next.first {
                waiters[question] = Waiters(served: Array(all.next.dropFirst()))
                return (all.served, Optional(asker))
            }
            return (all.served, nil)
        }
        served.1?.resume(returning: .ask)
        for reader in served.0 { reader.resume(returning: .answer(answer)) }
        return try answer.get()
    }

    private func turn(_ question: Question) async -> Turn {
        await withCheckedContinuation { continuation in
            let isFirst = waiters.withLock { waiters in
                guard waiters[question] != nil else {
                    waiters[question] = Waiters()
                    return true
                }
                waiters[question]?.next.append(continuation)
                return false
            }
            if isFirst { continuation.resume(returning: .ask) }
        }
    }

    private func ask(_ statement: Statement) async -> Answer {
        do throws(PostgresError) { return .success(try await pool.query(statement)) } catch { return .failure(error) }
    }
}
