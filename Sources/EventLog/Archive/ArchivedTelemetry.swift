import EventSourcing
import Postgres

/// The archived events of a few streams, for a statement that reads them from the table `archived_events`.
package struct ArchivedTelemetry: Sendable {
    private let connection: Connection

    package init(on connection: Connection) { self.connection = connection }

    /// Keeps partitions from being archived or brought back until the transaction ends.
    package static let holdPartitions = holding.statement()

    static let holding = SQLQuery("hold_partitions", "select pg_advisory_xact_lock_shared(archive_lock())")

    /// Empties the table `archived_events`.
    static let forgetting = SQLQuery("forget_archived_events", "delete from archived_events")

    /// Runs `body` in a transaction with those of the streams' archived events in `archived_events` that are wanted;
    /// it is rolled back, so that nothing of them stays. Memory is bounded by one segment.
    package func with<Value>(
        _ streams: [StreamName], matching isWanted: (RecordedEvent) -> Bool, _ body: () async throws -> Value
    ) async throws -> Value {
        try await connection.query("begin")
        let outcome: Result<Value, any Error>
        do {
            _ = try await connection.pipeline([Self.holdPartitions])
            try await load(streams, matching: isWanted)
            outcome = .success(try await body())
        } catch { outcome = .failure(error) }
        if connection.isOpen { try await connection.query("rollback") }
        return try outcome.get()
    }

    /// Loads them in the caller's transaction, which holds the partitions and leaves none of them behind.
    package func load(_ streams: [StreamName], matching isWanted: (RecordedEvent) -> Bool) async throws {
        var position: Int64 = 0
        while let segment = try await Segment.archived(
            after: position, holding: streams.map(\.rawValue), from: nil, to: nil, on: connection)
        {
            let events = try await ArchivedSegments.events(of: segment).filter {
                streams.contains($0.stream) && isWanted($0)
            }
            try await EventTable.insert(events, into: "archived_events", on: connection)
            position = segment.last
        }
    }
}
