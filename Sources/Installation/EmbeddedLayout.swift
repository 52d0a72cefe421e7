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

    func url(database: String) -> String {
        func quoted(_ value: String) -> String {
            "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        }
        return "host=\(quoted(sockets.path)) user=footfall dbname=\(quoted(database))"
    }

    /// The data directory stays the caller's; what the server writes belongs to its account.
    func makeFolders(owner: ServerAccount) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try checkOwner()
        for folder in [cluster, sockets] {
            guard mkdir(folder.path, 0o700) == 0 || errno == EEXIST else {
                throw EmbeddedPostgres.Failure.failed(
                    action: "making the folder \(folder.path)", output: String(cString: strerror(errno)))
            }
            let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            defer { if descriptor >= 0 { close(descriptor) } }
            guard descriptor >= 0, fchown(descriptor, owner.userID, owner.groupID) == 0 else {
                throw EmbeddedPostgres.Failure.failed(
                    action: "giving \(folder.path) to the server's user", output: String(cString: strerror(errno)))
            }
        }
    }

    /// Root's files are safe only where nobody else can put others in their place.
    private func checkOwner() throws(EmbeddedPostgres.Failure) {
        var status = stat()
        guard geteuid() == 0, stat(directory.path, &status) == 0 else { return }
        let isOthers = status.st_uid != 0
        let isOpenToOthers = status.st_mode & (S_IWGRP | S_IWOTH) != 0
        if isOthers || isOpenToOthers { throw .foreignFolder(directory.path) }
    }

    /// The text of the server's settings, with further ones.
    func settingsText(_ settings: [String: String]) -> String {
        var lines = [
            "listen_addresses": "", "unix_socket_directories": sockets.path, "unix_socket_permissions": "0700",
            "max_connections": "100", "max_wal_size": "4GB", "random_page_cost": "1.1",
        ]
        lines.merge(settings) { _, given in given }
        return "# Written by Footfall at each start.\n"
            + lines.sorted { $0.key < $1.key }
            .map { "\($0.key) = '\($0.value.replacing("'", with: "''"))'\n" }.joined()
    }
}

enum ServerPrograms {
    /// The folder with initdb, pg_ctl and postgres: of the version that made the cluster, or else the newest.
    static func folder(for cluster: ForeignFolder) throws(EmbeddedPostgres.Failure) -> URL {
        let root = URL(filePath: "/usr/lib/postgresql")
        let installed = ((try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [])
            .filter { FileManager.default.isExecutableFile(atPath: "\(root.path)/\($0)/bin/initdb") }
            .sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }
        guard let newest = installed.last else { throw .missingProgram("\(root.path)/*/bin/initdb") }
        guard let text = cluster.text("PG_VERSION", maximum: 16) else {
            return root.appending(path: "\(newest)/bin")
        }
        let version = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard installed.contains(version) else { throw .otherVersion(data: version, installed: installed) }
        return root.appending(path: "\(version)/bin")
    }
}
