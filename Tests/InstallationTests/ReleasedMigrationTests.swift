import Foundation
import Testing

/// `tools/released-migrations`, on repositories of their own.
@Suite struct ReleasedMigrationTests {
    private let repository = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }

    private func git(_ arguments: String...) throws {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        #expect(try run("/usr/bin/env", ["git", "-C", repository.path] + identity + arguments).status == 0)
    }

    private func check() throws -> (status: Int32, errors: String) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        return try run(root.appending(path: "tools/released-migrations").path, [repository.path])
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: repository.appending(path: "Migrations/\(path)"))
    }

    private func withRelease(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(
            at: repository.appending(path: "Migrations/functions"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: repository) }  // a folder in /tmp may stay
        try write("select 1", to: "0001_first.sql")
        try write("select 1", to: "functions/one.sql")
        try git("init", "--quiet")
        try git("add", ".")
        try git("commit", "--quiet", "--message", "First")
        try body()
    }

    @Test func withoutAReleaseEveryMigrationMayChange() throws {
        try withRelease {
            try write("select 2", to: "0001_first.sql")
            #expect(try check().status == 0)
        }
    }

    @Test func aReleaseLetsMigrationsBeAddedAndFunctionsChange() throws {
        try withRelease {
            try git("tag", "v0.1.0")
            try write("select 2", to: "0002_second.sql")
            try write("select 2", to: "functions/one.sql")
            #expect(try check().status == 0)
        }
    }

    @Test func aMigrationOfAReleaseDoesNotChange() throws {
        try withRelease {
            try git("tag", "v0.1.0")
            try write("select 1 -- one", to: "0001_first.sql")
            let edited = try check()
            #expect(edited.status == 1)
            #expect(edited.errors == "v0.1.0 has another Migrations/0001_first.sql; restore it and add a migration\n")
            try FileManager.default.removeItem(at: repository.appending(path: "Migrations/0001_first.sql"))
            let gone = try check()
            #expect(gone.status == 1)
            #expect(gone.errors == "v0.1.0 has Migrations/0001_first.sql, which is gone; restore it\n")
        }
    }
}
