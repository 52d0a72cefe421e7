/// An advisory lock of a session. The session holds it until it has given it up as often as it took it, or ends.
package struct SessionLock: Sendable {
    private enum Subject: Sendable {
        case name(String)
        case number(Int64)
    }

    private let space: LockSpace
    private let subject: Subject

    /// - Parameter name: of what the lock is about; its hash is the second half of the key.
    package init(_ space: LockSpace, _ name: String) {
        self.space = space
        subject = .name(name)
    }

    /// - Parameter number: the second half of the key.
    package init(_ space: LockSpace, _ number: Int64) {
        self.space = space
        subject = .number(number)
    }

    /// Takes the lock where no other session is in the way.
    /// - Returns: whether it is taken.
    package func tryToTake(on connection: Connection) async throws(PostgresError) -> Bool {
        try await connection.pipeline([statement(Self.trying)])[0][0].bool("done")
    }

    /// Takes the lock once no other session is in the way.
    package func take(isShared: Bool = false, on connection: Connection) async throws(PostgresError) {
        _ = try await connection.pipeline([statement(isShared ? Self.takingShared : Self.taking)])
    }

    package func giveUp(isShared: Bool = false, on connection: Connection) async throws(PostgresError) {
        _ = try await connection.pipeline([isShared ? statement(Self.releaseShared) : givingUp])
    }

    /// Gives the lock up, as part of a pipeline.
    package var givingUp: Statement { statement(Self.release) }

    private func statement(_ query: (named: SQLQuery, numbered: SQLQuery)) -> Statement {
        switch subject {
        case .name(let name): query.named.statement(["space": .lock(space), "name": .text(name)])
        case .number(let number): query.numbered.statement(["space": .lock(space), "number": .integer(number)])
        }
    }
}

extension SessionLock {
    private static let trying = forms("pg_try_advisory_lock")
    private static let taking = forms("pg_advisory_lock")
    private static let takingShared = forms("pg_advisory_lock_shared")
    private static let release = forms("pg_advisory_unlock")
    private static let releaseShared = forms("pg_advisory_unlock_shared")

    private static func forms(_ function: String) -> (named: SQLQuery, numbered: SQLQuery) {
        // Those that wait return nothing.
        let columns: KeyValuePairs<String, ColumnType> = function.contains("try") ? ["done": .bool] : [:]
        return (
            SQLQuery(
                "\(function)_by_name", "select \(function)(:space::int, hashtext(:name)) as done",
                parameters: ["space": .integer, "name": .text], columns: columns),
            SQLQuery(
                "\(function)_by_number", "select \(function)(:space::int, :number::int) as done",
                parameters: ["space": .integer, "number": .integer], columns: columns)
        )
    }

    /// All of them, for tests.
    package static let queries = [trying, taking, takingShared, release, releaseShared].flatMap {
        [$0.named, $0.numbered]
    }
}
