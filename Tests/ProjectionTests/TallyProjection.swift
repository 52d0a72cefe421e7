import EventSourcing
import TestSupport

@testable import Postgres
@testable import Projector

/// A small projection: counts events, and adds up what its definition says that each is worth.
enum TallyProjection {
    /// The key of an advisory lock.
    static let gate: Int64 = 4711

    /// - Parameters:
    ///   - gateAfter: ranges after this position, and those that come later, wait for anyone who holds the gate.
    ///   - indexes: also waits for the gate where `gatedIndexes`.
    static func definition(
        worth: Int = 1, gateAfter: Int64? = nil, gatedIndexes: Bool = false
    ) throws -> ProjectionDefinition {
        try ProjectionDefinition(
            name: "tally", tables: tables, apply: apply(worth: worth, gateAfter: gateAfter),
            indexes: gatedIndexes ? "select pg_advisory_xact_lock_shared(\(gate))" : nil, eventViews: [:])
    }

    static let tables =
        "create table tally (only_row boolean primary key, events bigint not null, worth bigint not null)"

    static func apply(worth: Int, gateAfter: Int64?) -> String {
        let wait = gateAfter.map {
            """
            perform pg_advisory_xact_lock_shared(\(gate)) where current_setting('footfall.after')::bigint >= \($0);

            """
        }
        return (wait ?? "") + """
            -- Inputs: batch
            insert into tally as t (only_row, events, worth)
            select true, count(*), count(*) * \(worth) from batch
            on conflict (only_row) do update
            set events = t.events + excluded.events, worth = t.worth + excluded.worth;
            """
    }

    /// What readers see: events and worth.
    static func shown(_ connection: Connection) async throws -> [Int64] {
        let row = try await connection.query("select events, worth from read.tally")[0]
        return [try row.integer(0), try row.integer(1)]
    }

    /// Holds the gate as long as `body` runs.
    static func withGate<Value>(_ target: ConnectionTarget, _ body: () async throws -> Value) async throws -> Value {
        let keeper = try await closeGate(target)
        defer { keeper.close() }
        return try await body()
    }

    /// Closes the gate before anybody can come to it.
    /// - Returns: the session at whose end it opens.
    static func closeGate(_ target: ConnectionTarget) async throws -> Connection {
        let keeper = try await Connection.open(target, logger: .silent)
        do { try await keeper.query("select pg_advisory_lock($1)", [.integer(gate)]) } catch {
            keeper.close()
            throw error
        }
        return keeper
    }

    /// Waits until a session waits for the gate.
    /// - Returns: the process id of its server process.
    static func waiter(_ connection: Connection) async throws -> Int64 {
        while true {
            let row = try await connection.query(
                """
                select pid from pg_locks
                where locktype = 'advisory' and not granted and objid = $1::int::oid and objsubid = 1
                  and database = (select oid from pg_database where datname = current_database())
                """, [.integer(gate)]
            ).first
            if let row { return try row.integer(0) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension Harness {
    func append(_ count: Int) async throws {
        try await append((0..<count).map { _ in Append(to: "s", events: [event("E")]) })
    }

    func builds(of projection: String) async throws -> [Build] { try await Build.all(of: projection, on: connection) }

    /// Waits until the projection has one build only, active under this definition.
    func waitUntilKept(under definition: ProjectionDefinition) async throws {
        let hash = try await Build.hash(of: definition, on: connection)
        while true {
            let builds = try await builds(of: definition.name)
            if builds.count == 1, builds[0].state == .active, builds[0].definition == hash { return }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
