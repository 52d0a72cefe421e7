import Foundation
import Installation
import Logging
import Postgres

/// The PostgreSQL server of a test run: made in a folder of its own when a test first asks for it, and ended with the
/// process, however that ends.
package actor TestCluster {
    package static let shared = TestCluster()

    private var starting: Task<Running, any Error>?

    /// Tests start all at once; so many of them have a database at a time, that the server's connections suffice.
    private var freePlaces = 12
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private struct Running {
        let server: EmbeddedPostgres
        /// Ends the server when this process has closed its end of the pipe.
        let watcher: Process
        let lifeline: Pipe
    }

    /// A fresh database for one test, with the migrations applied unless `migrated` is false; dropped afterwards.
    package func withDatabase<Value: Sendable>(
        migrated: Bool = true, _ body: @Sendable (ConnectionTarget) async throws -> Value
    ) async throws -> Value {
        await takePlace()
        defer { leavePlace() }
        let server = try await running().server
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let administration = try await Connection.open(server.target, logger: .silent)
        defer { administration.close() }
        try await administration.query("create database \(name) template \(migrated ? "migrated" : "template0")")
        var target = server.target
        target.url += " dbname=\(name)"
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(target)) } catch { outcome = .failure(error) }
        try await administration.query("drop database \(name) with (force)")
        return try outcome.get()
    }

    private func takePlace() async {
        if freePlaces > 0 {
            freePlaces -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leavePlace() {
        if waiting.isEmpty { freePlaces += 1 } else { waiting.removeFirst().resume() }
    }

    private func running() async throws -> Running {
        if let starting { return try await starting.value }
        let task = Task { try await Self.start() }
        starting = task
        return try await task.value
    }

    private static func start() async throws -> Running {
        let folder = URL(filePath: "/tmp/footfall-tests-\(ProcessInfo.processInfo.processIdentifier)")
        // The server's files are thrown away with the run, so nothing needs to reach the disk.
        let server = try await EmbeddedPostgres.start(
            in: folder,
            settings: [
                "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "600",
            ], logger: .silent)
        let lifeline = Pipe()
        let watcher = Process()
        watcher.executableURL = URL(filePath: "/usr/bin/setsid")
        watcher.arguments = [
            "sh", "-c",
            """
            read -r _
            kill -QUIT "$(head -n 1 "$1/postgres/postmaster.pid")"
            while kill -0 "$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null)" 2>/dev/null; do sleep 0.1; done
            rm -rf "$1"
            """, "watcher", folder.path,
        ]
        watcher.standardInput = lifeline
        try watcher.run()

        var template = server.target
        template.url += " dbname=migrated"
        let administration = try await Connection.open(server.target, logger: .silent)
        try await administration.query("create database migrated")
        administration.close()
        _ = try await Migrator(folder: ReleaseFiles.locate().migrations).run(on: template, logger: .silent)
        return Running(server: server, watcher: watcher, lifeline: lifeline)
    }
}

extension Logger {
    /// Says nothing.
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
