internal import CLibPQ
import DequeModule
import Foundation
import Logging
import Resilience

/// libpq's side of a connection: made, used and freed on one thread only.
///
/// Source of the protocol: PostgreSQL's documentation, "libpq, Pipeline Mode" and "Asynchronous Command Processing".
final class Session {
    private struct Sent {
        enum Command {
            case prepare(sql: String, name: String)
            case execute
        }

        let request: Request
        var commands: Deque<Command>
        var results: [Rows] = []
        var failure: PostgresError?
        let deadline: ContinuousClock.Instant?
        /// Whether the server was asked to cancel it.
        var isCancelled = false
    }

    private enum Preparation { case underWay, done(name: String) }

    private static let maximumPrepared = 500

    let connection: OpaquePointer
    let inbox: Inbox
    private let logger: Logger
    let requestTimeout: Duration?
    private let cancelsUnawaited: Bool
    private let onNotification: (@Sendable (Notification) -> Void)?

    private var waiting: Deque<Request> = []
    private var sent: Deque<Sent> = []
    private var prepared: [String: Preparation] = [:]
    private var preparations = 0
    var lost: PostgresError?

    /// Connects; blocks the calling thread.
    init(
        _ target: ConnectionTarget, inbox: Inbox, logger: Logger, onNotification: (@Sendable (Notification) -> Void)?
    ) throws(PostgresError) {
        connection = try Session.connect(to: target)
        self.inbox = inbox
        self.logger = logger
        self.onNotification = onNotification
        requestTimeout = target.requestTimeout
        cancelsUnawaited = target.cancelsUnawaited
    }

    /// Serves requests until the connection is closed or lost, then frees it.
    func run() {
        while lost == nil {
            let (requests, isClosing) = inbox.take()
            waiting.append(contentsOf: requests)
            // A transfer looks after the bell itself, and may silence it for what came meanwhile.
            var mayHaveMore = !requests.isEmpty
            while lost == nil, let request = waiting.first {
                guard start(request) else { break }
                waiting.removeFirst()
                if case .transfer = request.work { mayHaveMore = true }
            }
            if isClosing, requests.isEmpty, waiting.isEmpty, sent.isEmpty { break }
            if lost == nil { wait(mayHaveMore: mayHaveMore) }
        }
        finish()
    }

    private func finish() {
        let reason = lost ?? .unreachable(reason: "the connection is closed")
        let outcome = PostgresError.connectionLost(reason: reason.reasonText)
        PQfinish(connection)
        // First the end, so that anyone who learns of the loss finds the connection closed.
        inbox.end(.unreachable(reason: reason.reasonText))
        for entry in sent { entry.request.reply.resume(returning: .failure(entry.failure ?? outcome)) }
        for request in waiting {
            request.reply.resume(returning: .failure(.unreachable(reason: reason.reasonText)))
        }
    }

    /// Sends a request; false where it must wait until what was sent before is answered.
    private func start(_ request: Request) -> Bool {
        if let interest = request.interest, interest.isLost {
            request.reply.resume(returning: .failure(.abandoned))
            return true
        }
        switch request.work {
        case .statements(let statements):
            send(statements, of: request)
            return true
        case .script(let text):
            guard sent.isEmpty else { return false }
            request.reply.resume(returning: runScript(text))
            return true
        case .description(let query):
            guard sent.isEmpty else { return false }
            request.reply.resume(returning: describe(query))
            return true
        case .transfer(let transfer):
            guard sent.isEmpty else { return false }
            request.reply.resume(returning: run(transfer))
            return true
        }
    }

    private func send(_ statements: [Statement], of request: Request) {
        var entry = Sent(
            request: request, commands: [], deadline: requestTimeout.map { ContinuousClock.now + $0 })
        for statement in statements {
            let name = preparedName(of: statement, for: &entry)
            guard send(statement, preparedAs: name) else {
                lose(Session.message(connection))
                break
            }
            entry.commands.append(.execute)
        }
        if lost == nil, PQpipelineSync(connection) == 0 { lose(Session.message(connection)) }
        sent.append(entry)
    }

    /// The name under which the statement is prepared, which may have been sent just now; nil where it is sent whole.
    private func preparedName(of statement: Statement, for entry: inout Sent) -> String? {
        guard statement.isPrepared else { return nil }
        switch prepared[statement.sql] {
        case .done(let name): return name
        case .underWay: return nil
        case nil:
            guard prepared.count < Session.maximumPrepared else { return nil }
            let name = "s\(preparations)"
            preparations += 1
            let types = statement.parameters.map(\.type.rawValue)
            guard PQsendPrepare(connection, name, statement.sql, Int32(types.count), types) == 1 else { return nil }
            prepared[statement.sql] = .underWay
            entry.commands.append(.prepare(sql: statement.sql, name: name))
            return name
        }
    }

    func send(_ statement: Statement, preparedAs name: String?) -> Bool {
        let parameters = statement.parameters
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        // The values lie one after another in one buffer, so that one scope keeps all pointers valid.
        var buffer: [CChar] = []
        var offsets: [Int?] = []
        buffer.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        for parameter in parameters {
            offsets.append(parameter.bytes == nil ? nil : buffer.count)
            parameter.bytes?.withUnsafeBytes { buffer.append(contentsOf: $0.bindMemory(to: CChar.self)) }
        }
        buffer.append(0)
        return buffer.withUnsafeBufferPointer { bytes in
            let values = offsets.map { offset in offset.flatMap { bytes.baseAddress?.advanced(by: $0) } }
            let count = Int32(parameters.count)
            if let name {
                return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1) == 1
            }
            let types = parameters.map(\.type.rawValue)
            return PQsendQueryParams(connection, statement.sql, count, types, values, lengths, formats, 1) == 1
        }
    }

    private func runScript(_ text: String) -> Result<[Rows], PostgresError> {
        runAlone { PQexec(connection, text) }.map { _ in [] }
    }

    /// Prepares the statement without a name, which is forgotten with the next one.
    private func describe(_ query: SQLQuery) -> Result<[Rows], PostgresError> {
        let types = query.parameters.map(\.type.id.rawValue)
        return runAlone {
            let result = PQprepare(connection, "", query.sql, Int32(types.count), types)
            guard PQresultStatus(result) == PGRES_COMMAND_OK else { return result }
            PQclear(result)
            return PQdescribePrepared(connection, "")
        }.map { [$0] }
    }

    /// Runs what there is no pipeline for.
    private func runAlone(_ work: () -> OpaquePointer?) -> Result<Rows, PostgresError> {
        guard PQexitPipelineMode(connection) == 1, let result = work() else {
            return .failure(lose(Session.message(connection)))
        }
        let failure = Session.failure(of: result, connection)
        let rows = Rows(result)
        if PQenterPipelineMode(connection) == 0 { lose(Session.message(connection)) }
        return failure.map(Result.failure) ?? .success(rows)
    }

    /// Sleeps until the server or a caller has something, or a deadline passes; then takes in what has come.
    private func wait(mayHaveMore: Bool) {
        let isUnsent = PQflush(connection)
        if isUnsent < 0 {
            lose(Session.message(connection))
            return
        }
        var descriptors = [
            pollfd(fd: PQsocket(connection), events: Int16(POLLIN | (isUnsent == 1 ? POLLOUT : 0)), revents: 0),
            pollfd(fd: inbox.bell, events: Int16(POLLIN), revents: 0),
        ]
        var timeout: Int32 = -1
        if mayHaveMore {
            timeout = 0
        } else if let deadline = sent.first?.deadline {
            let left = ContinuousClock.now.duration(to: deadline)
            timeout = Int32(clamping: max(0, left.components.seconds * 1000 + 1000))
        }
        _ = poll(&descriptors, 2, timeout)
        if descriptors[1].revents != 0 { inbox.silence() }
        cancelUnawaited()
        if descriptors[0].revents != 0, PQconsumeInput(connection) == 0 {
            receive()
            lose(Session.message(connection))
            return
        }
        receive()
        if let deadline = sent.first?.deadline, deadline < .now {
            if cancelsUnawaited { cancel() }
            lose("no answer within \(requestTimeout ?? .zero)")
        }
    }

    /// Has the server cancel what it works on where nobody waits for that any more. Blocks until the server has been
    /// told; what comes after on the session is not affected.
    private func cancelUnawaited() {
        guard let first = sent.first, let interest = first.request.interest, interest.isLost, !first.isCancelled else {
            return
        }
        sent[0].isCancelled = true
        cancel()
    }

    private func receive() {
        var sawEnd = false
        while !sent.isEmpty, PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                // The end of one command's results; two in a row mean that nothing more has come.
                if sawEnd { break }
                sawEnd = true
                continue
            }
            sawEnd = false
            receive(result)
        }
        while let notification = PQnotifies(connection) {
            onNotification?(
                Notification(
                    channel: String(cString: notification.pointee.relname),
                    payload: String(cString: notification.pointee.extra)))
            PQfreemem(notification)
        }
    }

    private func receive(_ result: OpaquePointer) {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            let entry = sent.removeFirst()
            for case .prepare(let sql, _) in entry.commands { prepared[sql] = nil }
            let outcome = entry.failure.map(Result.failure) ?? .success(entry.results)
            entry.request.reply.resume(returning: outcome)
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            forgetCommand(succeeded: false)
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            if case .execute? = sent[0].commands.first {
                sent[0].results.append(Rows(result))
            } else {
                PQclear(result)
            }
            forgetCommand(succeeded: true)
        default:
            let failure = Session.failure(of: result, connection)
            PQclear(result)
            sent[0].failure = sent[0].failure ?? failure
            forgetCommand(succeeded: false)
        }
    }

    private func forgetCommand(succeeded: Bool) {
        guard case .prepare(let sql, let name)? = sent[0].commands.popFirst() else { return }
        prepared[sql] = succeeded ? .done(name: name) : nil
    }

    @discardableResult
    func lose(_ reason: String) -> PostgresError {
        let error = lost ?? .connectionLost(reason: reason)
        if lost == nil, FailureNotices.shared.isDue(reason) {
            logger.warning("connection to the database lost", metadata: ["reason": "\(reason)"])
        }
        lost = error
        return error
    }
}
