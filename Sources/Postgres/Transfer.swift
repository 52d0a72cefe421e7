/// Data that is moved between a task and the server piece by piece, with few pieces in memory at any time.
enum Transfer: Sendable {
    /// A statement's rows as the server sends them.
    case rows(Statement, to: Handover<[Row]>)
    /// What `copy … to stdout` sends.
    case copyOut(sql: String, to: Handover<[UInt8]>)
    /// What `copy … from stdin` takes; an end with a failure makes the server forget all of it.
    case copyIn(sql: String, from: Handover<[UInt8]>)

    /// How many pieces may wait between the two sides.
    static let capacity = 4
}

extension Connection {
    /// Lends the rows of one statement as the server sends them: whatever their number, few are in memory at any time.
    ///
    /// A consumer that is slow makes the server wait. One that stops early (`body` returns or throws before the last row)
    /// makes the server cancel the statement, so this is for statements that only read. Other requests on this connection
    /// wait until `body` has ended. The target's deadline holds for each wait for the server, not for the whole.
    ///
    /// - Throws: what `body` throws; reading from the rows throws `PostgresError`, also where the connection breaks
    ///   half-way, and `CancellationError` where the task is cancelled.
    package func stream<Value>(_ sql: String, _ body: (RowStream) async throws -> Value) async throws -> Value {
        try await stream(sql, [], body)
    }

    func stream<Value>(
        _ sql: String, _ parameters: [Parameter], _ body: (RowStream) async throws -> Value
    ) async throws -> Value {
        let rows = Handover<[Row]>(capacity: Transfer.capacity)
        return try await receive(.rows(Statement(sql, parameters), to: rows), from: rows) {
            try await body(RowStream(pieces: rows))
        }
    }

    /// Lends what `copy … to stdout` sends, in whichever format it asks for, in pieces of whole rows.
    ///
    /// Memory, early ends, deadlines and errors are as with `stream`.
    /// - Parameter sql: has no bound values; `copy` takes none.
    package func copyOut<Value>(
        _ sql: String, _ body: (CopiedData) async throws -> Value
    ) async throws -> Value {
        let data = Handover<[UInt8]>(capacity: Transfer.capacity)
        return try await receive(.copyOut(sql: sql, to: data), from: data) {
            try await body(CopiedData(pieces: data))
        }
    }

    /// Sends what `body` writes as the data of `copy … from stdin`, in whichever format that asks for.
    ///
    /// All of it takes effect, or none: it is forgotten where `body` throws or the task is cancelled. A server that is
    /// slow makes `body` wait. The server says only at the end that it refuses the data.
    ///
    /// - Returns: how many rows were stored.
    /// - Throws: what `body` throws, or `PostgresError`; `connectionLost` leaves open whether the rows were stored.
    package func copyIn(_ sql: String, _ body: (CopySink) async throws -> Void) async throws -> Int {
        let data = Handover<[UInt8]>(capacity: Transfer.capacity)
        async let outcome = send(.copyIn(sql: sql, from: data), to: data)
        do {
            try await body(CopySink(pieces: data))
            try Task.checkCancellation()
            data.finish(.success(()))
        } catch {
            data.finish(.failure(.unreachable(reason: "the sender has given up")))
            let result = await outcome
            // A refusal is why the sink took no more.
            if error is CopySink.Refused { _ = try result.get() }
            throw error
        }
        return try await outcome.get()
    }

    private func send(
        _ transfer: Transfer, to data: Handover<[UInt8]>
    ) async -> Result<Int, PostgresError> {
        let result = await outcome(of: .transfer(transfer))
        data.abandon()
        return result.map { $0.first?.affected ?? 0 }
    }

    private func receive<Element, Value>(
        _ transfer: Transfer, from pieces: Handover<Element>, _ body: () async throws -> Value
    ) async throws -> Value {
        async let end: Void = finish(pieces, with: transfer)
        do {
            let value = try await body()
            abandon(pieces)
            await end
            return value
        } catch {
            abandon(pieces)
            await end
            throw error
        }
    }

    private func abandon<Element>(_ pieces: Handover<Element>) {
        pieces.abandon()
        // The session's thread may be waiting for the server to send.
        inbox.wake()
    }

    private func finish<Element>(_ pieces: Handover<Element>, with transfer: Transfer) async {
        pieces.finish(await outcome(of: .transfer(transfer)).map { _ in })
    }
}

/// The rows of a statement, in its order, each once.
package struct RowStream: AsyncSequence {
    package typealias Element = Row

    let pieces: Handover<[Row]>

    package func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces) }

    package struct Iterator: AsyncIteratorProtocol {
        let pieces: Handover<[Row]>
        private var piece: ArraySlice<Row> = []

        init(pieces: Handover<[Row]>) { self.pieces = pieces }

        package mutating func next() async throws -> Row? {
            while piece.isEmpty {
                guard let next = try await pieces.receive() else { return nil }
                piece = next[...]
            }
            return piece.removeFirst()
        }
    }
}

/// What the server copies out, in pieces of whole rows.
package struct CopiedData: AsyncSequence {
    package typealias Element = [UInt8]

    let pieces: Handover<[UInt8]>

    package func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces) }

    package struct Iterator: AsyncIteratorProtocol {
        let pieces: Handover<[UInt8]>

        package mutating func next() async throws -> [UInt8]? { try await pieces.receive() }
    }
}

/// Takes the data that is to be copied in.
package struct CopySink: Sendable {
    /// The server refused or the connection is gone; `copyIn` throws the reason.
    struct Refused: Error {}

    let pieces: Handover<[UInt8]>

    /// Waits while the server is busy with what was written before. A piece need not end with a row.
    package func write(_ piece: [UInt8]) async throws {
        if piece.isEmpty { return }
        guard try await pieces.send(piece) else { throw Refused() }
    }
}
