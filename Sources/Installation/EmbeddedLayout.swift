import Foundation

/// Where the parts of an embedded server lie under the data directory.
struct EmbeddedLayout {
    static let settingsName = "footfall.conf"

    let directory: URL

    var cluster: URL { directory.appending(path: "postgres") }
    var sockets: URL { directory.appending(path: "run") }
    var log: URL { cluster.appending(path: "server.log") }
    var lock: String { directory.appending(path: "postgres.lock").path }
    var socketPath: String { sockets.appending(path: ".s.PGSQL.5432").path }

    /// The server's first process, as its file says, which is there for as long as the process, and after a crash.
    var postmaster: pid_t? {
        let text = try? String(contentsOf: cluster.appending(path: "postmaster.pid"), encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

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
        let path = cluster.appending(path: EmbeddedLayout.settingsName)
        let data = Data(("# Written by Footfall at each start.\n" + text).utf8)
        // What is there already is not written again: on a full disk it would be lost.
        if (try? Data(contentsOf: path)) == data { return }
        try data.write(to: path)
        chmod(path.path, 0o600)
        chown(path.path, owner.userID, owner.groupID)
    }
}

enum ServerPrograms {
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
