import Foundation
import Logging
import Postgres

/// A PostgreSQL server of Footfall's own, under its data directory and on a Unix socket only.
///
/// It is made on first use and started where it does not run yet. Several processes may use it at the same time: the
/// last one to stop it stops the server. A server that outlived its process (killed, say) is taken over as it is.
package final class EmbeddedPostgres: Sendable {
    package enum Failure: Error, CustomStringConvertible {
        case missingProgram(String)
        case unreachableFolder(folder: String, user: String)
        case pathTooLong(String)
        case otherVersion(data: String, installed: [String])
        case busy(String)
        case failed(action: String, output: String)

        package var description: String {
            switch self {
            case .missingProgram(let name):
                "PostgreSQL's server is not installed: \(name) was not found; tools/setup installs it"
            case .unreachableFolder(let folder, let user):
                "PostgreSQL runs as user \(user), who cannot enter the folder \(folder); allow it (chmod o+x \(folder)) "
                    + "or choose another data directory"
            case .pathTooLong(let path):
                "the path \(path) is too long for a Unix socket (107 bytes at most); choose a shorter data directory"
            case .otherVersion(let data, let installed):
                "the data directory belongs to PostgreSQL \(data), but installed is \(installed.joined(separator: ", "))"
            case .busy(let path):
                "\(path) is locked by a process that is stopping its server; try again"
            case .failed(let action, let output): "\(action) failed: \(output)"
            }
        }
    }

    /// How clients reach the database `footfall` on it.
    package let target: ConnectionTarget
    private let cluster: URL
    private let programs: URL
    private let account: ServerAccount
    private let lock: FileLock

    private init(target: ConnectionTarget, cluster: URL, programs: URL, account: ServerAccount, lock: FileLock) {
        self.target = target
        self.cluster = cluster
        self.programs = programs
        self.account = account
        self.lock = lock
    }

    /// Whether a server was ever made under `directory`.
    package static func exists(in directory: URL) -> Bool {
        FileManager.default.fileExists(atPath: Layout(directory: directory).cluster.appending(path: "PG_VERSION").path)
    }

    /// Makes what is missing under `directory` and starts the server, unless it runs already.
    /// - Parameter settings: further lines of postgresql.conf, applied when the server is started here.
    package static func start(
        in directory: URL, settings: [String: String] = [:], logger: Logger
    ) async throws -> EmbeddedPostgres {
        let account = try ServerAccount.current()
        let layout = Layout(directory: directory.absoluteURL.standardizedFileURL)
        if layout.socketPath.utf8.count > 107 { throw Failure.pathTooLong(layout.socketPath) }
        try layout.makeFolders(owner: account)
        if let obstacle = try await account.obstacle(on: layout.sockets) {
            throw Failure.unreachableFolder(folder: obstacle, user: "postgres")
        }
        guard let lock = FileLock(layout.lock, exclusive: false) else { throw Failure.busy(layout.lock) }

        let programs = try ServerPrograms.folder(for: layout.cluster)
        let server = EmbeddedPostgres(
            target: ConnectionTarget(layout.url(database: "footfall")), cluster: layout.cluster, programs: programs,
            account: account, lock: lock)
        if !exists(in: layout.directory) {
            logger.info("creating the database cluster", metadata: ["folder": "\(layout.cluster.path)"])
            try await server.initialize()
        }
        let maintenance = ConnectionTarget(layout.url(database: "postgres"))
        while true {
            if try await server.isRunning(maintenance, logger: logger) { break }
            try layout.writeSettings(settings, owner: account)
            try await server.launch(log: layout.log)
        }
        try await server.createDatabase(on: maintenance, logger: logger)
        return server
    }

    /// Stops the server in order, unless another process still uses it.
    package func stop() async throws {
        guard lock.becomeExclusive() else { return }
        let output = try await account.run(control(["-m", "fast", "-w", "-t", "60", "stop"]))
        if !output.succeeded { throw Failure.failed(action: "stopping PostgreSQL", output: output.text) }
    }

    private func control(_ words: [String]) -> [String] {
        [programs.appending(path: "pg_ctl").path, "-D", cluster.path] + words
    }

    /// Whether the server answers. One that was killed or is starting has a process for a moment, and does not.
    private func isRunning(_ maintenance: ConnectionTarget, logger: Logger) async throws -> Bool {
        var attempt = 0
        while try await account.run(control(["status"])).succeeded {
            do {
                try await Connection.open(maintenance, logger: logger).close()
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
            programs.appending(path: "initdb").path, "-D", cluster.path, "--username=footfall", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
        ])
        if !output.succeeded { throw Failure.failed(action: "initdb", output: output.text) }
        let configuration = try FileHandle(forWritingTo: cluster.appending(path: "postgresql.conf"))
        try configuration.seekToEnd()
        try configuration.write(contentsOf: Data("include_if_exists = '\(Layout.settingsName)'\n".utf8))
        try configuration.close()
    }

    private func launch(log: URL) async throws {
        // Right after a crash the processes of the old server may still be ending, which makes a start fail.
        for attempt in 1... {
            let output = try await account.run(control(["-l", log.path, "-w", "-t", "120", "start"]))
            if output.succeeded { return }
            if attempt == 5 {
                let lines = (try? String(contentsOf: log, encoding: .utf8))?.split(separator: "\n").suffix(5) ?? []
                throw Failure.failed(
                    action: "starting PostgreSQL",
                    output: ([output.text] + lines.map(String.init)).joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func createDatabase(on maintenance: ConnectionTarget, logger: Logger) async throws {
        let connection = try await Connection.open(maintenance, logger: logger)
        defer { connection.close() }
        if try await connection.query("select from pg_database where datname = 'footfall'").isEmpty {
            do { try await connection.query("create database footfall") } catch {
                // 42P04 and 23505: another process was first.
                guard ["42P04", "23505"].contains(error.sqlState) else { throw error }
            }
        }
    }
}

/// Where the parts of an embedded server lie under the data directory.
private struct Layout {
    static let settingsName = "footfall.conf"

    let directory: URL

    var cluster: URL { directory.appending(path: "postgres") }
    var sockets: URL { directory.appending(path: "run") }
    var log: URL { cluster.appending(path: "server.log") }
    var lock: String { directory.appending(path: "postgres.lock").path }
    var socketPath: String { sockets.appending(path: ".s.PGSQL.5432").path }

    func url(database: String) -> String {
        func quoted(_ value: String) -> String {
            "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        }
        return "host=\(quoted(sockets.path)) user=footfall dbname=\(quoted(database))"
    }

    /// The data directory stays the caller's; what the server writes belongs to its account.
    func makeFolders(owner: ServerAccount) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for folder in [cluster, sockets] {
            guard mkdir(folder.path, 0o700) == 0 || errno == EEXIST else {
                throw EmbeddedPostgres.Failure.failed(
                    action: "making the folder \(folder.path)", output: String(cString: strerror(errno)))
            }
            if chown(folder.path, owner.userID, owner.groupID) != 0 {
                throw EmbeddedPostgres.Failure.failed(
                    action: "giving \(folder.path) to the server's user", output: String(cString: strerror(errno)))
            }
        }
    }

    func writeSettings(_ settings: [String: String], owner: ServerAccount) throws {
        var lines = [
            "listen_addresses": "", "unix_socket_directories": sockets.path, "unix_socket_permissions": "0700",
            "max_connections": "100", "max_wal_size": "4GB", "random_page_cost": "1.1",
        ]
        lines.merge(settings) { _, given in given }
        let text = lines.sorted { $0.key < $1.key }
            .map { "\($0.key) = '\($0.value.replacing("'", with: "''"))'\n" }.joined()
        let path = cluster.appending(path: Layout.settingsName)
        try Data(("# Written by Footfall at each start.\n" + text).utf8).write(to: path)
        chmod(path.path, 0o600)
        chown(path.path, owner.userID, owner.groupID)
    }
}

private enum ServerPrograms {
    /// The folder with initdb, pg_ctl and postgres: of the version that made the cluster, or else the newest.
    static func folder(for cluster: URL) throws(EmbeddedPostgres.Failure) -> URL {
        let root = URL(filePath: "/usr/lib/postgresql")
        let installed = ((try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [])
            .filter { FileManager.default.isExecutableFile(atPath: "\(root.path)/\($0)/bin/initdb") }
            .sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
        guard let newest = installed.last else { throw .missingProgram("\(root.path)/*/bin/initdb") }
        guard let text = try? String(contentsOf: cluster.appending(path: "PG_VERSION"), encoding: .utf8) else {
            return root.appending(path: "\(newest)/bin")
        }
        let version = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard installed.contains(version) else { throw .otherVersion(data: version, installed: installed) }
        return root.appending(path: "\(version)/bin")
    }
}
