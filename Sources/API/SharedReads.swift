import DequeModule
import Postgres
import Synchronization

/// Lets those who ask the same at the same time have one answer, and those who ask the same of different things one
/// statement.
///
/// Nobody is given an answer older than their question: who comes while a statement runs waits for the next one, which
/// all that came meanwhile share; of different things, a hundred readers do. So however many ask, the database is asked
/// for it once at a time, and a lone reader is asked to wait for nothing. What is shared is an answer's
/// rows, never what a principal may see: that is part of the statement and its parameters, or was found out before. Who
/// is cancelled while waiting waits on: the answer comes all the same. A statement is cancelled with the one task that it
/// is for, and not where it is for several.
final class SharedReads: Sendable {
    /// How many keys one statement looks up: with more, the first of its readers would wait long for the last.
    static let keysPerStatement = 100

    private struct Question: Hashable {
        let sql: String
        /// Those that all have in common: of what is asked by key, all but the keys.
        let parameters: [Parameter]
        let isKeyed: Bool

        /// SQL is long, and mostly one of a few texts: it is compared, where it matters, and not hashed.
        func hash(into hasher: inout Hasher) {
            hasher.combine(sql.utf8.count)
            hasher.combine(parameters)
        }
    }

    private struct Answer {
        let rows: Rows
        /// The row of each key.
        var indices: [Int64: Int] = [:]
    }

    private typealias Outcome = Result<Answer, PostgresError>

    /// What somebody who waited is told: the answer, or to ask.
    private enum Turn {
        case answer(Outcome)
        case ask
    }

    private struct Reader {
        let key: Int64
        let continuation: CheckedContinuation<Turn, Never>
    }

    private let pool: Pool
    /// Who waits while a statement runs or is about to be sent; there is no entry while none does.
    private let queues = Mutex<[Question: Deque<Reader>]>([:])

    init(pool: Pool) { self.pool = pool }

    /// How many wait for a statement to be run for them.
    var waiting: Int { queues.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    func query(_ statement: Statement) async throws(PostgresError) -> Rows {
        let question = Question(sql: statement.sql, parameters: statement.parameters, isKeyed: false)
        return try await answer(to: question, key: 0) { _ in statement }.rows
    }

    /// The row of one key; nil where there is none.
    /// - Parameters:
    ///   - query: looks up a row for each of the keys in its parameter `keys`; the column `key` says whose a row is.
    ///   - values: of its other parameters, always in the same order.
    func row(
        of key: Int64, by query: SQLQuery, _ values: [(key: String, value: Parameter)]
    ) async throws(PostgresError) -> Row? {
        let question = Question(sql: query.sql, parameters: values.map(\.value), isKeyed: true)
        let answer = try await answer(to: question, key: key) { keys in
            query.statement([("keys", .integers(Set(keys).map(Optional.some)))] + values)
        }
        return answer.indices[key].map { answer.rows[$0] }
    }

    private func answer(
        to question: Question, key: Int64, _ statement: ([Int64]) -> Statement
    ) async throws(PostgresError) -> Answer {
        switch await turn(question, key) {
        case .answer(let outcome): return try outcome.get()
        case .ask: break
        }
        let others = take(question)
        let outcome = await ask(
            statement([key] + others.map(\.key)), isKeyed: question.isKeyed, isShared: !others.isEmpty)
        finish(question)?.resume(returning: .ask)
        for reader in others { reader.continuation.resume(returning: .answer(outcome)) }
        return try outcome.get()
    }

    private func turn(_ question: Question, _ key: Int64) async -> Turn {
        await withCheckedContinuation { continuation in
            let reader = Reader(key: key, continuation: continuation)
            let asks = queues.withLock { queues in
                // One access that changes the queue where it is.
                guard queues[question]?.append(reader) == nil else { return false }
                queues[question] = []
                return true
            }
            if asks { continuation.resume(returning: .ask) }
        }
    }

    /// Those whom the statement that is about to be sent serves beside its own reader.
    private func take(_ question: Question) -> [Reader] {
        queues.withLock { queues in
            let most = question.isKeyed ? Self.keysPerStatement - 1 : .max
            let count = min(queues[question]?.count ?? 0, most)
            return (0..<count).compactMap { _ in queues[question]?.popFirst() }
        }
    }

    /// Ends a statement.
    /// - Returns: who is to ask next.
    private func finish(_ question: Question) -> CheckedContinuation<Turn, Never>? {
        queues.withLock { queues in
            if let next = queues[question]?.popFirst() { return next.continuation }
            queues[question] = nil
            return nil
        }
    }

    private func ask(_ statement: Statement, isKeyed: Bool, isShared: Bool) async -> Outcome {
        do throws(PostgresError) {
            var answer = Answer(rows: try await pool.query(statement, isShared: isShared))
            guard isKeyed else { return .success(answer) }
            for (index, row) in answer.rows.enumerated() { answer.indices[try row.integer("key")] = index }
            return .success(answer)
        } catch {
            return .failure(error)
        }
    }
}
