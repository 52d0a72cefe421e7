import EventSourcing
import Postgres

/// The clock of one test's database: what `clock_timestamp()` and `now()` say there, and so when events are recorded and
/// what is late.
///
/// It stands until it is moved. Functions of the test's own stand before those of PostgreSQL for all sessions that are
/// opened after `install`, in what does not name a schema.
package struct DatabaseClock: Sendable {
    private let target: ConnectionTarget

    /// - Parameter instant: what it shows first.
    package static func install(on target: ConnectionTarget, showing instant: Timestamp) async throws -> DatabaseClock {
        let connection = try await Connection.open(target, logger: .silent)
        defer { connection.close() }
        try await connection.script(
            """
            create table test_clock (instant timestamptz not null);
            insert into test_clock (instant) values ('\(instant.rfc3339)');
            create function public.clock_timestamp() returns timestamptz language sql stable as
            'select instant from public.test_clock';
            create function public.now() returns timestamptz language sql stable as
            'select instant from public.test_clock';
            do $$ begin
              execute format('alter database %I set search_path = public, pg_catalog', current_database());
            end $$;
            """)
        return DatabaseClock(target: target)
    }

    private static let setting = SQLQuery(
        "set_test_clock", "update test_clock set instant = :instant", parameters: ["instant": .timestamp])

    package func show(_ instant: Timestamp) async throws {
        let connection = try await Connection.open(target, logger: .silent)
        defer { connection.close() }
        try await connection.query(Self.setting, ["instant": .timestamp(instant.microseconds)])
    }
}
