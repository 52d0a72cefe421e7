import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct MigratorTests {
    private static let first = Migrator.Migration(
        number: 1, name: "0001_first.sql", sql: "create table t (n bigint); insert into t values (1)")
    private static let second = Migrator.Migration(number: 2, name: "0002_second.sql", sql: "insert into t values (2)")

    private func withDatabase(_ body: @Sendable (ConnectionTarget, Connection) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(target, connection)
        }
    }

    @Test func eachMigrationIsAppliedOnceAndInOrder() async throws {
        try await withDatabase { target, connection in
            let initial = try Migrator([Self.first])
            #expect(try await initial.pending(on: target, logger: .silent) == ["0001_first.sql"])
            #expect(try await initial.run(on: target, logger: .silent) == ["0001_first.sql"])
            let later = try Migrator([Self.second, Self.first])
            #expect(try await later.run(on: target, logger: .silent) == ["0002_second.sql"])
            #expect(try await later.run(on: target, logger: .silent).isEmpty)
            #expect(try await later.pending(on: target, logger: .silent).isEmpty)
            #expect(try await connection.query("select sum(n)::bigint from t")[0].integer(0) == 3)
        }
    }

    @Test func manyAtTheSameTimeApplyEachMigrationOnce() async throws {
        try await withDatabase { target, connection in
            let migrator = try Migrator([Self.first, Self.second])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { _ = try await migrator.run(on: target, logger: .silent) } }
                try await group.waitForAll()
            }
            #expect(try await connection.query("select count(*) from t")[0].integer(0) == 2)
        }
    }

    @Test func anEditedMigrationIsRefusedByName() async throws {
        try await withDatabase { target, _ in
            _ = try await Migrator([Self.first]).run(on: target, logger: .silent)
            let edited = Migrator.Migration(number: 1, name: "0001_first.sql", sql: "create table t (n text)")
            await #expect(throws: Migrator.Failure.edited(name: "0001_first.sql")) {
                try await Migrator([edited, Self.second]).run(on: target, logger: .silent)
            }
        }
    }

    @Test func aDatabaseOfALaterReleaseIsRefused() async throws {
        try await withDatabase { target, _ in
            _ = try await Migrator([Self.first, Self.second]).run(on: target, logger: .silent)
            await #expect(throws: Migrator.Failure.unknown(name: "0002_second.sql")) {
                try await Migrator([Self.first]).run(on: target, logger: .silent)
            }
        }
    }

    @Test func aMigrationThatFailsChangesNothingAndThoseBeforeItStay() async throws {
        try await withDatabase { target, connection in
            let broken = Migrator.Migration(
                number: 2, name: "0002_broken.sql", sql: "insert into t values (2); insert into nowhere values (1)")
            let error = await #expect(throws: Migrator.Failure.self) {
                try await Migrator([Self.first, broken]).run(on: target, logger: .silent)
            }
            #expect("\(error as Any)".contains("0002_broken.sql failed and changed nothing"))
            let rows = try await connection.query("select n from t")
            let applied = try await connection.query("select name from schema_migrations")
            #expect(rows.count == 1)
            #expect(applied.count == 1)
        }
    }

    @Test func aFolderIsReadByItsFilesNames() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        for name in ["0001_a.sql", "notes.txt"] { try Data().write(to: folder.appending(path: name)) }
        _ = try Migrator(folder: folder)
        try Data().write(to: folder.appending(path: "0001_b.sql"))
        #expect(throws: Migrator.Failure.self) { try Migrator(folder: folder) }
        try FileManager.default.removeItem(at: folder.appending(path: "0001_b.sql"))
        try Data().write(to: folder.appending(path: "2_c.sql"))
        #expect(throws: Migrator.Failure.misnamed(name: "2_c.sql")) { try Migrator(folder: folder) }
        #expect(throws: Migrator.Failure.self) { try Migrator(folder: folder.appending(path: "none")) }
    }
}
