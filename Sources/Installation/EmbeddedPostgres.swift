import Foundation
import Logging
import Postgres

/// A PostgreSQL server of Footfall's own, under its data directory and on a Unix socket only.
///
/// It is made on first use and started where it does not run yet. Several processes may use it at the same time: the
/// last one to stop it stops the server. A server that outlived its process (killed, say) is taken over as it is, and so
/// is one that another process started meanwhile. `keepRunning` starts it again when it ends.
package final class EmbeddedPostgres: Sendable {
    package enum Failure: Error, CustomStringConvertible {
        case missingProgram(String)
        case unreachableFolder(folder: String, user: String)
        case foreignFolder(String)
        case pathTooLong(String)
        case otherVersion(data: String, installed: [String])
        case busy(String)
        case failed(action: String, output: String)
        case gaveUp(reason: String)

        package var description: String {
            switch self {
            case .missingProgram(let name):
                "PostgreSQL's server is not installed: \(name) was not found; tools/setup installs it"
            case .unreachableFolder(let folder, let user):
                "PostgreSQL runs as user \(user), who cannot enter the folder \(folder); allow it (chmod o+x \(folder)) "
                    + "or choose another data directory"
            case .foreignFolder(let folder):
                "\(folder) belongs to another user than root, or others may write to it: files of root would not be safe "
                    + "there (chown root \(folder); chmod go-w \(folder))"
            case .pathTooLong(let path):
                "the path \(path) is too long for a Unix socket (107 bytes at most); choose a shorter data directory"
            case .otherVersion(let data, let installed):
                "the data directory belongs to PostgreSQL \(data), but installed is \(installed.joined(separator: ", "))"
            case .busy(let path):
                "\(path) is locked by a process that is stopping its server; retry"
            case .failed(let action, let output): "\(action) failed: \(output)"
            case .gaveUp(let reason): "the embedded PostgreSQL was given up: \(reason)"
            }
        }
    }

    /// How clients reach the database `footfall` on it.
    package let target: ConnectionTarget
    let layout: EmbeddedLayout
    private let settings: [String: String]
    private let programs: URL
    private let account: ServerAccount
    private let lock: FileLock
    let logger: Logger

    private init(
        _ layout: EmbeddedLayout, settings: [String: String], programs: URL, account: ServerAccount, lock: FileLock,
        logger: Logger
    ) {
        target = ConnectionTarget(layout.url(database: "footfall"))
        self.layout = layout
        self.settings = settings
        self.programs = programs
        self.account = account
        self.lock = lock
        self.logger = logger
    }

    /// Whether a server was ever made under `directory`.
    package static func exists(in directory: URL) -> Bool {
        FileManager.default.fileExists(
            atPath: EmbeddedLayout(directory: directory).cluster.appending(path: "PG_VERSION").path)
    }

    /// Makes what is missing under `directory` and starts the server, unless it runs already.
    /// - Parameter settings: further lines of postgresql.conf, applied when the server is started here.
    package static func start(
        in directory: URL, settings: [String: String] = [:], logger: Logger
    ) async throws -> EmbeddedPostgres {
        let account = try ServerAccount.current()
        let layout = EmbeddedLayout(directory: directory.absoluteURL.standardizedFileURL)
        if layout.socketPath.utf8.count > 107 { throw Failure.pathTooLong(layout.socketPath) }
        try layout.makeFolders(owner: account)
        if let obstacle = try await account.obstacle(on: layout.sockets) {
            throw Failure.unreachableFolder(folder: obstacle, user: "postgres")
        }
        guard let lock = FileLock(layout.lock, exclusive: false) else { throw Failure.busy(layout.lock) }

        let programs = try ServerPrograms.folder(for: ForeignFolder(path: layout.cluster.path, owner: account.userID))
        let server = EmbeddedPostgres(
            layout, settings: settings, programs: programs, account: account, lock: lock, logger: logger)
        if !exists(in: layout.directory) {
            logger.info("creating the database cluster", metadata: ["folder": "\(layout.cluster.path)"])
            try await server.initialize()
        }
        do {
            try await server.startUnlessRunning()
            try await server.createDatabase()
        } catch {
            // Nobody else would stop what was started here; the first error is the one that matters.
            try? await server.stop()
            throw error
        }
        return server
    }

    /// Starts the server where it does not run, and waits until it answers.
    func startUnlessRunning() async throws {
        while try await !isRunning() {
            try await writeSettings()
            try await launch(log: layout.log)
        }
    }

    /// What the server writes.
    private var files: ForeignFolder { ForeignFolder(path: layout.cluster.path, owner: account.userID) }

    private func writeSettings() async throws {
        let text = layout.settingsText(settings)
        // What is there already is not written again: on a full disk there would be no room for it.
        if files.text(EmbeddedLayout.settingsName) == text { return }
        try await account.write(text, to: layout.cluster.appending(path: EmbeddedLayout.settingsName).path)
    }

    /// The server's first process, as its file says, which is there for as long as the process, and after a crash.
    private var postmaster: pid_t? {
        files.text("postmaster.pid")?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Whether its first process lives, as far as can be seen at once. Where that is a child of this process (which is a
    /// container's first one), its end is taken note of, so that nothing takes it for alive.
    func isAlive() -> Bool {
        guard let pid = postmaster, pid > 1 else { return false }
        _ = waitpid(pid, nil, WNOHANG)
        // The number may be another program's by now. "postgres" is its name; the state, which comes next, Z of a zombie.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return stat.contains(/\(postgres\) [^Z]/)
    }

    /// How many bytes the server may still write; nil where that cannot be told.
    func freeBytes() -> Int64? {
        [layout.cluster, layout.cluster.appending(path: "pg_wal")].compactMap { folder -> Int64? in
            var status = statvfs()
            guard statvfs(folder.path, &status) == 0 else { return nil }
            return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
        }.min()
    }

    /// Stops the server in order, unless another process still uses it.
    package func stop() async throws {
        guard lock.becomeExclusive(), try await account.run(control(["status"])).succeeded else { return }
        let output = try await account.run(control(["-m", "fast", "-w", "-t", "60", "stop"]))
        // It may have ended by itself meanwhile.
        if !output.succeeded, try await account.run(control(["status"])).succeeded {
            throw Failure.failed(action: "stopping PostgreSQL", output: output.text)
        }
    }

    private var maintenance: ConnectionTarget { ConnectionTarget(layout.url(database: "postgres")) }

    private func control(_ words: [String]) -> [String] {
        [programs.appending(path: "pg_ctl").path, "-D", layout.cluster.path] + words
    }

    /// Whether the server answers. One that was killed or is starting has a process for a moment, and does not.
    private func isRunning() async throws -> Bool {
        var attempt = 0
        while try await account.run(control(["status"])).succeeded {
            do {
                try await Connection.open(maintenance, logger: logger).close()
                return true
            } catch PostgresError.full {
                return true
            } catch {
                attempt += 1
                if attempt == 120 { throw error }
                // It runs but does not take connections yet, as during recovery.
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        return false
    }

    private func initialize() async throws {
        let output = try await account.run([
            programs.appending(path: "initdb").path, "-D", layout.cluster.path, "--username=footfall", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
        ])
        if !output.succeeded { throw Failure.failed(action: "initdb", output: output.text) }
        let included = try await account.run(
            ["sh", "-c", #"cat >> "$1""#, "sh", layout.cluster.appending(path: "postgresql.conf").path],
            input: "include_if_exists = '\(EmbeddedLayout.settingsName)'\n")
        if !included.succeeded { throw Failure.failed(action: "setting up PostgreSQL", output: included.text) }
    }

    private func launch(log: URL) async throws {
        // Right after a crash the processes of the old server may still be ending, which makes a start fail.
        for attempt in 1... {
            let output = try await account.run(control(["-l", log.path, "-w", "-t", "120", "start"]))
            // Another process may have been first.
            if output.succeeded { return }
            if try await account.run(control(["status"])).succeeded { return }
            if attempt == 5 {
                throw Failure.failed(
                    action: "starting PostgreSQL",
                    output: ([output.text] + lastLines).joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// What the server said last; it may have said very much before.
    private var lastLines: [String] {
        (files.text(layout.log.lastPathComponent, maximum: 4096) ?? "").split(separator: "\n").suffix(5).map(
            String.init)
    }

    private func createDatabase() async throws {
        let connection = try await Connection.open(maintenance, logger: logger)
        defer { connection.close() }
        if try await connection.query("select from pg_database where datname = 'footfall'").isEmpty {
            do { try await connection.query("create database footfall") } catch {
                // Another process may have been first.
                guard [SQLState.duplicateDatabase, SQLState.uniqueViolation].contains(error.sqlState) else {
                    throw error
                }
            }
        }
    }
}
