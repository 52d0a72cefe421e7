internal import CLibPQ

/// Transfers block the session's thread, for nothing else can happen on a connection meanwhile. They are made outside of
/// pipeline mode, which knows no COPY.
///
/// Source of the protocol: PostgreSQL's documentation, "libpq, Functions Associated with the COPY Command" and
/// "Retrieving Query Results Row-by-Row".
extension Session {
    /// A piece is handed over when it has this many bytes, or when the server has sent nothing more.
    fileprivate static let pieceSize = 64 << 10

    /// How long the server may take to end a statement before it is asked again, in milliseconds. A request that reaches
    /// it before the statement does has no effect.
    fileprivate static let pollTimeout: Int32 = 100

    func run(_ transfer: Transfer) -> Result<[Rows], PostgresError> {
        guard PQexitPipelineMode(connection) == 1 else { return .failure(lose(Session.message(connection))) }
        let outcome: Result<[Rows], PostgresError>
        do throws(PostgresError) {
            switch transfer {
            case .rows(let statement, let handover): outcome = .success(try sendRows(of: statement, to: handover))
            case .copyOut(let sql, let handover): outcome = .success(try copyOut(sql, to: handover))
            case .copyIn(let sql, let handover): outcome = .success(try copyIn(sql, from: handover))
            }
        } catch {
            outcome = .failure(error)
        }
        if lost == nil, PQenterPipelineMode(connection) == 0 { return .failure(lose(Session.message(connection))) }
        return outcome
    }

    private func sendRows(of statement: Statement, to handover: Handover<[Row]>) throws(PostgresError) -> [Rows] {
        guard send(statement, preparedAs: nil), PQsetSingleRowMode(connection) == 1 else {
            throw lose(Session.message(connection))
        }
        var outgoing = Outgoing(to: handover, cancel: cancel)
        var failure: PostgresError?
        while true {
            if PQisBusy(connection) == 1 { outgoing.handOver() }
            let next = try nextResult { outgoing.limitOfWait() }
            guard let result = next else { break }
            if PQresultStatus(result) == PGRES_SINGLE_TUPLE {
                let byteCount = PQresultMemorySize(result)
                let rows = Rows(result)
                outgoing.add(rows, byteCount: byteCount)
            } else {
                failure = failure ?? Session.failure(of: result, connection)
                PQclear(result)
            }
        }
        outgoing.handOver()
        // libpq 15 leaves the single-row mode with the next statement that is sent outside of pipeline mode, but not with
        // the first one inside of it.
        guard PQsendQuery(connection, "") == 1 else {
            throw lose(failure.map(\.description) ?? Session.message(connection))
        }
        _ = try end()
        if let failure { throw failure }
        return []
    }

    private func copyOut(_ sql: String, to handover: Handover<[UInt8]>) throws(PostgresError) -> [Rows] {
        try begin(sql, expecting: PGRES_COPY_OUT)
        var outgoing = Outgoing(to: handover, cancel: cancel)
        while true {
            var row: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(connection, &row, 1)
            if count == 0 {
                outgoing.handOver()
                try waitForServer(atMost: outgoing.limitOfWait())
                continue
            }
            guard count > 0, let row else { break }
            outgoing.add(UnsafeRawBufferPointer(start: row, count: Int(count)), byteCount: Int(count))
            PQfreemem(row)
        }
        outgoing.handOver()
        return try end()
    }

    private func copyIn(_ sql: String, from handover: Handover<[UInt8]>) throws(PostgresError) -> [Rows] {
        try begin(sql, expecting: PGRES_COPY_IN)
        while true {
            switch handover.receiveOnThread() {
            case .success(let piece?): try put(piece)
            case .success(nil):
                try check(PQputCopyEnd(connection, nil))
                return try end()
            case .failure:
                try check(PQputCopyEnd(connection, "the sender has given up"))
                return try end()
            }
        }
    }

    /// Returns when the piece has left this process, so that libpq's buffer does not grow.
    private func put(_ piece: [UInt8]) throws(PostgresError) {
        let sent = piece.withUnsafeBytes { bytes in
            PQputCopyData(connection, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
        }
        try check(sent)
        while true {
            let isUnsent = PQflush(connection)
            if isUnsent == 0 { return }
            try check(isUnsent)
            try waitForServer(orToWrite: true)
        }
    }

    private func check(_ status: Int32) throws(PostgresError) {
        // libpq answers 0 (would block) to a put only where its buffer cannot grow.
        if status != 1 { throw lose(Session.message(connection)) }
    }

    private func begin(_ sql: String, expecting status: ExecStatusType) throws(PostgresError) {
        guard PQsendQuery(connection, sql) == 1 else { throw lose(Session.message(connection)) }
        guard let result = try nextResult() else { throw lose(Session.message(connection)) }
        let actual = PQresultStatus(result)
        let failure = Session.failure(of: result, connection)
        PQclear(result)
        if actual == status { return }
        // A copy in the wrong direction cannot be left but by ending it.
        if actual == PGRES_COPY_IN { _ = PQputCopyEnd(connection, "not asked for") }
        if actual == PGRES_COPY_OUT {
            cancel()
            var row: UnsafeMutablePointer<CChar>?
            while PQgetCopyData(connection, &row, 0) > 0 { PQfreemem(row) }
        }
        while let rest = try nextResult() { PQclear(rest) }
        if let failure { throw lose(ifLost: failure) }
        throw .decoding(reason: "the statement is no copy in this direction")
    }

    /// Takes in what is left of a statement.
    private func end() throws(PostgresError) -> [Rows] {
        var results: [Rows] = []
        var failure: PostgresError?
        while let result = try nextResult() {
            failure = failure ?? Session.failure(of: result, connection)
            results.append(Rows(result))
        }
        if let failure { throw lose(ifLost: failure) }
        return results
    }

    /// The next result, waited for; nil after a statement's last one.
    /// - Parameter isWaiting: called before each wait for the server, and tells how long that may last in milliseconds;
    ///   a call of `Inbox.wake` ends it, too.
    private func nextResult(isWaiting: () -> Int32? = { nil }) throws(PostgresError) -> OpaquePointer? {
        while true {
            let isUnsent = PQflush(connection)
            if isUnsent < 0 { throw lose(Session.message(connection)) }
            if PQisBusy(connection) == 0 { break }
            try waitForServer(orToWrite: isUnsent == 1, atMost: isWaiting())
        }
        return PQgetResult(connection)
    }

    /// Blocks until the server has sent something (or takes something), at most for the target's deadline.
    private func waitForServer(orToWrite: Bool = false, atMost limit: Int32? = nil) throws(PostgresError) {
        guard PQstatus(connection) == CONNECTION_OK else { throw lose(Session.message(connection)) }
        var descriptors = [
            pollfd(fd: PQsocket(connection), events: Int16(POLLIN | (orToWrite ? POLLOUT : 0)), revents: 0),
            pollfd(fd: inbox.bell, events: Int16(POLLIN), revents: 0),
        ]
        let timeout = requestTimeout.map { Int32(clamping: Int64(($0 / .milliseconds(1)).rounded(.up))) } ?? -1
        if poll(&descriptors, 2, limit ?? timeout) == 0, limit == nil {
            throw lose("no answer within \(requestTimeout ?? .zero)")
        }
        if descriptors[1].revents != 0 { inbox.silence() }
        if descriptors[0].revents & ~Int16(POLLOUT) == 0 { return }
        // Where the connection has ended, the caller first reads what came before, such as the server's last words.
        _ = PQconsumeInput(connection)
    }

    /// Asks the server to end the statement that it works on. It may have ended it by itself; the next one is not
    /// affected, since the signal is delivered before this returns.
    func cancel() {
        guard let handle = PQgetCancel(connection) else { return }
        defer { PQfreeCancel(handle) }
        var message = [CChar](repeating: 0, count: 256)
        // Where it does not get through, the statement is read to its end.
        _ = PQcancel(handle, &message, Int32(message.count))
    }

    private func lose(ifLost failure: PostgresError) -> PostgresError {
        if case .connectionLost(let reason) = failure { return lose(reason) }
        return failure
    }
}

/// What a transfer gathers until a piece of it is handed over. Once nobody receives it any more, the server is asked to
/// end the statement, and what still comes is thrown away.
private struct Outgoing<Element: Sendable> {
    private let handover: Handover<[Element]>
    private let cancel: () -> Void
    private var isWanted = true
    private var piece: [Element] = []
    private var byteCount = 0

    init(to handover: Handover<[Element]>, cancel: @escaping () -> Void) {
        self.handover = handover
        self.cancel = cancel
    }

    mutating func add(_ elements: some Sequence<Element>, byteCount: Int) {
        if isWanted { piece.append(contentsOf: elements) }
        self.byteCount += byteCount
        if self.byteCount >= Session.pieceSize { handOver() }
    }

    /// Blocks the thread while the receiver is behind.
    mutating func handOver() {
        if byteCount > 0, !handover.sendFromThread(piece) { stop() }
        piece = []
        byteCount = 0
    }

    /// How long the server is waited for, in milliseconds, before it is asked again; nil: as long as a request may take.
    mutating func limitOfWait() -> Int32? {
        if handover.isAbandoned { stop() }
        return isWanted ? nil : Session.pollTimeout
    }

    private mutating func stop() {
        isWanted = false
        cancel()
    }
}
