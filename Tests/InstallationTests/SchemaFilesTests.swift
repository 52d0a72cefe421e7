import Foundation
import Installation
import TestSupport
import Testing

@testable import Postgres

/// The files of `Migrations/functions` and what a migrated database has.
@Suite struct SchemaFilesTests {
    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: ReleaseFiles.locate().migrations.appending(path: "functions").path
        ).map { $0.replacing(".sql", with: "") }.sorted()
    }

    @Test func everyFunctionAndViewHasAFileOfItsOwn() async throws {
        let made = try await TestCluster.shared.withDatabase { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            return try await connection.query(
                """
                select nspname::text, name
                from (
                  select pronamespace as namespace, proname::text as name, 'pg_proc'::regclass as catalog, oid from pg_proc
                  union all
                  select relnamespace, relname::text, 'pg_class'::regclass, oid from pg_class where relkind in ('v', 'm')
                ) as objects
                join pg_namespace on pg_namespace.oid = namespace
                where nspname <> 'information_schema' and nspname not like 'pg\\_%' and not exists (
                  select from pg_depend
                  where classid = catalog and objid = objects.oid and deptype = 'e'
                )
                """
            ).map { try $0.text(0) == "public" ? $0.text(1) : $0.text(0) + "." + $0.text(1) }
        }
        #expect(try made.sorted() == files())
    }

    @Test func anObjectSaysWhatItIs() throws {
        let folder = try ReleaseFiles.locate().migrations.appending(path: "functions")
        for name in try files() {
            let sql = try String(contentsOf: folder.appending(path: "\(name).sql"), encoding: .utf8)
            #expect(sql.hasPrefix("-- "), "\(name)")
            #expect(sql.contains("create or replace"), "\(name)")
        }
    }

    /// The trail has the same columns over the log and over what is loaded of the archive.
    @Test func theAuditTrailIsTheSameOverBothTables() throws {
        let folder = try ReleaseFiles.locate().migrations.appending(path: "functions")
        func columns(of view: String, from table: String) throws -> Substring {
            let sql = try String(contentsOf: folder.appending(path: "\(view).sql"), encoding: .utf8)
            let end = try #require(sql.range(of: "\nfrom \(table);\n"), "\(view)")
            return sql[..<end.lowerBound].drop { $0 != "\n" }.split(separator: " as\nselect\n")[1]
        }
        #expect(try columns(of: "read.audit", from: "events") == columns(of: "archived_audit", from: "archived_events"))
    }

    @Test func migrationsHoldNoFunctionsAndViews() throws {
        let folder = try ReleaseFiles.locate().migrations
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".sql") {
            let sql = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            #expect(!sql.contains("create function") && !sql.contains("create view"), "\(name)")
            #expect(!sql.contains("or replace"), "\(name)")
        }
    }

    /// All objects of a database that runs are made again: after a change in each file, over partitions and their
    /// triggers.
    @Test func everyFileMayBeAppliedAgain() async throws {
        let folder = try ReleaseFiles.locate().migrations
        let copy = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: folder, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }  // a folder in /tmp may stay
        for name in try files() {
            let file = copy.appending(path: "functions/\(name).sql")
            try Data((try String(contentsOf: file, encoding: .utf8) + "\n-- Changed.\n").utf8).write(to: file)
        }
        try await TestCluster.shared.withDatabase { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await connection.query("select extend_event_partitions(1500000)")
            let applied = try await Migrator(folder: copy).run(on: target, logger: .silent)
            #expect(applied.count == (try files().count))
            let triggers = try await connection.query(
                """
                select count(*) from pg_trigger
                where tgrelid in (select inhrelid from pg_inherits where inhparent = 'events'::regclass)
                """)[0].integer(0)
            #expect(triggers == 6)
        }
    }
}
