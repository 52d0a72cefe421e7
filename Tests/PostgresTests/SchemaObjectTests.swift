import Foundation
import Logging
import TestSupport
import Testing

@testable import Postgres

@Suite struct SchemaObjectTests {
    private static let table = Migrator.Migration(
        number: 1, name: "0001_table.sql", sql: "create table t (n bigint); insert into t values (1)")

    private static let total = SchemaObject(
        name: "total",
        sql: "create or replace function total() returns bigint language sql as $$ select sum(n)::bigint from t $$")

    private static let totals = SchemaObject(
        name: "a_view",
        sql: """
            -- One row.
            -- Needs: total
            create or replace view a_view as select total() as total
            """)

    private func withDatabase(_ body: @Sendable (ConnectionTarget, Connection) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(target, connection)
        }
    }

    private func migrate(
        _ target: ConnectionTarget, _ objects: [SchemaObject], _ migrations: [Migrator.Migration] = [Self.table],
        release: String = "1.0.0"
    ) async throws -> [String] {
        try await Migrator(migrations, objects: objects, release: release).run(on: target, logger: .silent)
    }

    @Test func whatIsNeededIsMadeFirstWhateverTheNames() async throws {
        try await withDatabase { target, connection in
            let migrator = try Migrator([Self.table], objects: [Self.totals, Self.total])
            let all = ["0001_table.sql", "functions/total.sql", "functions/a_view.sql"]
            #expect(try await migrator.pending(on: target, logger: .silent) == all)
            #expect(try await migrator.run(on: target, logger: .silent) == all)
            #expect(try await migrator.run(on: target, logger: .silent) == [])
            #expect(try await migrator.pending(on: target, logger: .silent) == [])
            #expect(try await connection.query("select total from a_view")[0].integer(0) == 1)
        }
    }

    @Test func functionsMayCallOneAnotherInAnyOrder() async throws {
        try await withDatabase { target, connection in
            let caller = SchemaObject(
                name: "a_caller",
                sql: "create or replace function a_caller() returns bigint language sql as $$ select 2 * total() $$")
            _ = try await migrate(target, [caller, Self.total])
            #expect(try await connection.query("select a_caller()")[0].integer(0) == 2)
        }
    }

    @Test func onlyWhatHasChangedIsAppliedAgain() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total, Self.totals])
            let tenfold = SchemaObject(
                name: "total", sql: Self.total.sql.replacing("sum(n)::bigint", with: "10 * sum(n)::bigint"))
            let migrator = try Migrator([Self.table], objects: [tenfold, Self.totals], release: "1.0.0")
            #expect(try await migrator.pending(on: target, logger: .silent) == ["functions/total.sql"])
            #expect(try await migrate(target, [tenfold, Self.totals]) == ["functions/total.sql"])
            #expect(try await connection.query("select total from a_view")[0].integer(0) == 10)
        }
    }

    @Test func aChangedResultIsReplacedTogetherWithTheViewsThatRestOnIt() async throws {
        try await withDatabase { target, connection in
            let view = SchemaObject(
                name: "b_view", sql: "-- Needs: a_view\ncreate or replace view b_view as select total from a_view")
            _ = try await migrate(target, [Self.total, Self.totals, view])
            let text = SchemaObject(
                name: "total",
                sql: "create or replace function total() returns text language sql as $$ select sum(n)::text from t $$")
            let applied = try await migrate(target, [text, Self.totals, view])
            #expect(applied == ["functions/total.sql", "functions/a_view.sql", "functions/b_view.sql"])
            #expect(try await connection.query("select total from b_view")[0].text(0) == "1")
        }
    }

    @Test func aViewWithFewerColumnsIsReplaced() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(
                target, [SchemaObject(name: "v", sql: "create or replace view v as select n, n + 1 as next from t")])
            _ = try await migrate(target, [SchemaObject(name: "v", sql: "create or replace view v as select n from t")])
            #expect(try await connection.query("select * from v").columnNames == ["n"])
        }
    }

    @Test func aFunctionWithOtherParametersTakesThePlaceOfTheOldOne() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total, Self.totals])
            let more = SchemaObject(
                name: "total",
                sql: """
                    create or replace function total(p_more bigint default 0) returns bigint language sql
                    as $$ select sum(n)::bigint + p_more from t $$
                    """)
            _ = try await migrate(target, [more, Self.totals])
            #expect(try await connection.query("select total(), total(5)")[0].integer(1) == 6)
            #expect(try await connection.query("select total from a_view")[0].integer(0) == 1)
            #expect(try await connection.query("select from pg_proc where proname = 'total'").count == 1)
        }
    }

    @Test func whatNoFileMakesIsNotDropped() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total])
            try await connection.query("create view by_hand as select total() as total")
            let text = SchemaObject(
                name: "total",
                sql: "create or replace function total() returns text language sql as $$ select '1' $$")
            let error = await #expect(throws: Migrator.Failure.self) { try await migrate(target, [text]) }
            #expect("\(error as Any)".contains("by_hand"))
            #expect(try await connection.query("select total from by_hand")[0].integer(0) == 1)
        }
    }

    @Test func whatAMigrationHasDroppedIsMadeAgain() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total, Self.totals])
            let wider = Migrator.Migration(
                number: 2, name: "0002_wider.sql", sql: "drop view a_view; alter table t alter column n type numeric")
            let applied = try await migrate(target, [Self.total, Self.totals], [Self.table, wider])
            #expect(applied == ["0002_wider.sql", "functions/a_view.sql"])
            #expect(try await connection.query("select total from a_view")[0].integer(0) == 1)
        }
    }

    @Test func aBodyThatDoesNotFitChangesNothing() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total])
            let changed = SchemaObject(
                name: "total",
                sql: "create or replace function total() returns bigint language sql as $$ select 7::bigint $$")
            let wrong = SchemaObject(
                name: "wrong",
                sql: "create or replace function wrong() returns bigint language sql as $$ select m from t $$")
            let error = await #expect(throws: Migrator.Failure.self) { try await migrate(target, [changed, wrong]) }
            #expect("\(error as Any)".contains("functions/wrong.sql failed and changed nothing"))
            #expect(try await connection.query("select total()")[0].integer(0) == 1)
            #expect(try await migrate(target, [Self.total]) == [])
        }
    }

    @Test func aFileThatMakesAnotherObjectIsRefused() async throws {
        try await withDatabase { target, _ in
            let misnamed = SchemaObject(name: "sum_of_all", sql: Self.total.sql)
            let error = await #expect(throws: Migrator.Failure.self) { try await migrate(target, [misnamed]) }
            #expect("\(error as Any)".contains("functions/sum_of_all.sql"))
        }
    }

    @Test func anOlderReleaseDoesNotTakeBackWhatALaterOneBrought() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total], release: "1.1.0")
            let older = SchemaObject(name: "total", sql: Self.total.sql + " ")
            let migrator = try Migrator([Self.table], objects: [older], release: "1.0.9")
            let refused = Migrator.Failure.laterObject(name: "total", release: "1.1.0")
            await #expect(throws: refused) { try await migrator.run(on: target, logger: .silent) }
            await #expect(throws: refused) { try await migrator.pending(on: target, logger: .silent) }
            // One with the same text belongs to both.
            #expect(try await migrate(target, [Self.total], release: "1.0.9") == [])
            #expect(try await migrate(target, [older], release: "1.1.0") == ["functions/total.sql"])
        }
    }

    @Test func manyAtTheSameTimeApplyEachObjectOnce() async throws {
        try await withDatabase { target, _ in
            let migrator = try Migrator([Self.table], objects: [Self.total, Self.totals])
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<5 { group.addTask { try await migrator.run(on: target, logger: .silent) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied == ["0001_table.sql", "functions/total.sql", "functions/a_view.sql"])
        }
    }

    /// A process that was started before: its prepared statements go on, also over what is replaced.
    @Test func aSessionGoesOnWhileFunctionsAreReplaced() async throws {
        try await withDatabase { target, connection in
            _ = try await migrate(target, [Self.total, Self.totals])
            let asked = Statement("select total from a_view")
            #expect(try await connection.pipeline([asked])[0][0].integer(0) == 1)
            for factor in 2...4 {
                let changed = SchemaObject(
                    name: "total",
                    sql: Self.total.sql.replacing("sum(n)::bigint", with: "\(factor) * sum(n)::bigint"))
                _ = try await migrate(target, [changed, Self.totals])
                #expect(try await connection.pipeline([asked])[0][0].integer(0) == Int64(factor))
            }
        }
    }

    @Test func needsWithoutAFileOrInACircleAreRefused() throws {
        #expect(throws: Migrator.Failure.unknownNeed(of: "a_view", "total")) {
            try Migrator([], objects: [Self.totals])
        }
        let one = SchemaObject(name: "one", sql: "-- Needs: two\nselect 1")
        let two = SchemaObject(name: "two", sql: "-- Needs: one\nselect 1")
        #expect(throws: Migrator.Failure.needsInCircle(names: ["one", "two"])) {
            try Migrator([], objects: [one, two])
        }
    }

    @Test func filesOfFunctionsAreNamedAfterThem() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(
            at: folder.appending(path: "functions"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        for name in ["total.sql", "read.totals.sql", "notes.txt"] {
            try Data().write(to: folder.appending(path: "functions/\(name)"))
        }
        _ = try Migrator(folder: folder)
        try Data().write(to: folder.appending(path: "functions/Total-2.sql"))
        #expect(throws: Migrator.Failure.misnamedObject(name: "Total-2.sql")) { try Migrator(folder: folder) }
    }
}
