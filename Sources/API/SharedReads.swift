import DequeModule
import Postgres
import Synchronization

/// Lets those who ask the same at the same time have one answer, and those who ask the same of different things one
/// statement.
///
/// Nobody is given an answer older than their question: who comes while a statement runs waits for the next one, which
/// all that came meanwhile share; of different things, a hundred readers do. So however many ask, the database is asked
/// for it once at a time (by key: twice), and a lone reader is asked to wait for nothing. What is shared is an answer's
/// rows, never what a principal may see: that is part of the statement and its parameters, or was found out before. Who
/// is cancelled while waiting waits on: the answer comes all the same.
final class SharedReads: Sendable {
    /// How many keys one statement looks up: with more, the first of its readers would wait long for the last.
    static let keysPerStatement = 100

    private struct Question: Hashable {
        let sql: String
        /// Those that all have in common: of what is asked by key, from $2 on.
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

    /// Those behind one question.
    private struct Queue {
        /// Statements that run or are about to be sent.
        var statements = 0
        /// How many readers those serve that run.
        var served = 0
        var waiting: Deque<Reader> = []

        /// Whether a further statement is to be sent: the first or, of what is asked by key, a second that serves as many
        /// readers as the one that runs, so that the database works while answers are handed out.
        func isDue(for readers: Int, isKeyed: Bool) -> Bool {
            statements == 0 || isKeyed && statements == 1 && served > 0 && readers >= served
        }
    }

    private let pool: Pool
    /// An entry is there while somebody asks.
    private let queues = Mutex<[Question: Queue]>([:])

    init(pool: Pool) { self.pool = pool }

    /// How many wait for a statement to be run for them.
    var waiting: Int { queues.withLock { $0.values.reduce(0) { $0 + $1.waiting.count } } }

    func query(_ statement: Statement) async throws(PostgresError) -> Rows {
        let question = Question(sql: statement.sql, parameters: statement.parameters, isKeyed: false)
        return try await answer(to: question, key: 0) { _ in statement }.rows
    }

    /// The row of one key; nil where there is none.
    /// - Parameters:
    ///   - sql: looks up a row for each of the keys in `$1`, a `bigint[]`; column 1 says whose a row is.
    ///   - parameters: from `$2` on.
    func row(of key: Int64, by sql: String, _ parameters: [Parameter]) async throws(PostgresError) -> Row? {
        let question = Question(sql: sql, parameters: parameters, isKeyed: true)
        let answer = try await answer(to: question, key: key) { keys in
            Statement(sql, [.integers(Set(keys).map(Optional.some))] + parameters)
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
        let outcome = await ask(statement([key] + others.map(\.key)), isKeyed: question.isKeyed)
        finish(question, served: others.count + 1)?.resume(returning: .ask)
        for reader in others { reader.continuation.resume(returning: .answer(outcome)) }
        return try outcome.get()
    }

    private func turn(_ question: Question, _ key: Int64) async -> Turn {
        await withCheckedContinuation { continuation in
            let asks = queues.withLock { queues in
                var queue = queues.removeValue(forKey: question) ?? Queue()
                defer { queues[question] = queue }
                if queue.isDue(for: queue.waiting.count + 1, isKeyed: question.isKeyed) {
                    queue.statements += 1
                    return true
                }
                queue.waiting.append(Reader(key: key, continuation: continuation))
                return false
            }
            if asks { continuation.resume(returning: .ask) }
        }
    }

    /// Those whom the statement that is about to be sent serves beside its own reader.
    private func take(_ question: Question) -> [Reader] {
        queues.withLock { queues in
            let most = question.isKeyed ? Self.keysPerStatement - 1 : .max
            let count = min(queues[question]?.waiting.count ?? 0, most)
            queues[question]?.served += count + 1
            return (0..<count).compactMap { _ in queues[question]?.waiting.popFirst() }
        }
    }

    /// Ends a statement.
    /// - Returns: who is to ask next.
    private func finish(_ question: Question, served: Int) -> CheckedContinuation<Turn, Never>? {
        queues.withLock { queues in
            guard var queue = queues.removeValue(forKey: question) else { return nil }
            queue.statements -= 1
            queue.served -= served
            var next: Reader?
            if !queue.waiting.isEmpty, queue.isDue(for: queue.waiting.count, isKeyed: question.isKeyed) {
                next = queue.waiting.popFirst()
                queue.statements += 1
            }
            if queue.statements > 0 { queues[question] = queue }
            return next?.continuation
        }
    }

    private func ask(_ statement: Statement, isKeyed: Bool) async -> Outcome {
        do throws(PostgresError) {
            var answer = Answer(rows: try await pool.query(statement))
            guard isKeyed else { return .success(answer) }
            for (index, row) in answer.rows.enumerated() { answer.indices[try row.integer(1)] = index }
            return .success(answer)
        } catch {
            return .failure(error)
        }
    }
}
