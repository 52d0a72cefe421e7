import Foundation
import Logging
import Release

/// Brings a database's lasting tables up to date: numbered files, applied in order, each once and in a transaction of
/// its own together with its row in `schema_migrations`; then the functions and views whose files have changed, all in
/// one transaction (see `SchemaObject`).
///
/// Migrations run where functions are still those of the release before, or are not there yet. So they call none.
package struct Migrator: Sendable {
    package struct Migration: Hashable, Sendable {
        package let number: Int64
        /// The file's name: `0001_event_log.sql`.
        package let name: String
        package let sql: String

        package init(number: Int64, name: String, sql: String) {
            self.number = number
            self.name = name
            self.sql = sql
        }
    }

    private let migrations: [Migration]
    private let objects: SchemaObjects

    /// - Parameter release: whose files these are.
    package init(
        _ migrations: [Migration], objects: [SchemaObject] = [], release: String = Release.version
    ) throws(Failure) {
        self.migrations = migrations.sorted { $0.number < $1.number }
        self.objects = SchemaObjects(try SchemaObject.inOrder(objects), release: release)
        for (one, next) in zip(self.migrations, self.migrations.dropFirst()) where one.number == next.number {
            throw .duplicateNumber(names: [one.name, next.name])
        }
    }

    /// Applies what the database lacks; others that do the same at the same time wait and then find nothing to do.
    /// Throws `Failure`, or `PostgresError` where the database cannot be reached.
    /// - Returns: the names of the migrations applied, then those of functions and views, by their files.
    package func run(on target: ConnectionTarget, logger: Logger) async throws -> [String] {
        let connection = try await Connection.open(
            target.named(target.applicationName, requestTimeout: nil), logger: logger)
        defer { connection.close() }
        try await connection.query(Self.lock, ["key": .lock(LockKey.migration)])
        try await connection.query(
            """
            create table if not exists schema_migrations (
              number bigint primary key,
              name text not null,
              checksum text not null,
              applied_at timestamptz not null default clock_timestamp()
            )
            """)
        try await check(on: connection)
        // Before anything is changed: a later release may have changed functions alone.
        try await objects.check(on: connection)
        let applied = try await numbers(on: connection)
        var names: [String] = []
        for migration in migrations where !applied.contains(migration.number) {
            try await apply(migration, on: connection)
            logger.info("applied migration", metadata: ["name": "\(migration.name)"])
            names.append(migration.name)
        }
        return names + (try await objects.apply(on: connection, logger: logger))
    }

    /// The names of the files that the database lacks. Changes nothing; throws as `run` does.
    package func pending(on target: ConnectionTarget, logger: Logger) async throws -> [String] {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        var lacking = migrations.map(\.name)
        if try await !connection.query("select from pg_tables where tablename = 'schema_migrations'").isEmpty {
            try await check(on: connection)
            let applied = try await numbers(on: connection)
            lacking = migrations.filter { !applied.contains($0.number) }.map(\.name)
        }
        return lacking + (try await objects.pending(on: connection))
    }

    private func check(on connection: Connection) async throws {
        let known = Dictionary(uniqueKeysWithValues: migrations.map { ($0.number, $0) })
        let rows = try await connection.query("select number, name, checksum from schema_migrations order by number")
        for row in rows {
            guard let migration = known[try row.integer("number")] else {
                throw Failure.unknown(name: try row.text("name"))
            }
            let checksum = try await connection.query(Self.checksum, ["sql": .bytea(Array(migration.sql.utf8))])[0]
            guard try row.text("checksum") == checksum.text("checksum") else {
                throw Failure.edited(name: migration.name)
            }
        }
    }

    private func numbers(on connection: Connection) async throws -> Set<Int64> {
        var numbers: Set<Int64> = []
        for row in try await connection.query("select number from schema_migrations") {
            numbers.insert(try row.integer("number"))
        }
        return numbers
    }

    private func apply(_ migration: Migration, on connection: Connection) async throws {
        do {
            try await connection.transaction {
                try await connection.script(migration.sql)
                try await connection.query(
                    Self.noting,
                    [
                        "number": .integer(migration.number), "name": .text(migration.name),
                        "sql": .bytea(Array(migration.sql.utf8)),
                    ])
            }
        } catch let error as PostgresError {
            guard case .server(let reason) = error else { throw error }
            throw Failure.failed(name: migration.name, reason: reason.description)
        }
    }
}

extension Migrator {
    private static let lock = SQLQuery(
        "lock_migration", "select pg_advisory_lock(:key)", parameters: ["key": .integer])

    private static let checksum = SQLQuery(
        "checksum_of_migration", "select encode(sha256(:sql), 'hex') as checksum", parameters: ["sql": .bytea],
        columns: ["checksum": .text])

    private static let noting = SQLQuery(
        "note_migration",
        """
        insert into schema_migrations (number, name, checksum)
        values (:number, :name, encode(sha256(:sql), 'hex'))
        """, parameters: ["number": .integer, "name": .text, "sql": .bytea])

    /// All of them, for tests.
    package static let queries = [lock, checksum, noting] + SchemaObjects.queries + SchemaReplacement.queries
}
