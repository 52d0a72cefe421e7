import Foundation
import Postgres

@testable import Installation

/// A cluster that follows another one by streaming, until it is cut off and promoted.
package struct Standby: Sendable {
    package let server: EmbeddedPostgres
    /// The folder of the server's socket.
    package let sockets: URL
    private let connection: Connection

    /// A copy of the cluster in a folder of its own below the cluster's, following it. The watcher of `primary` ends it.
    package init(of primary: TortureCluster, settings: [String: String]) async throws {
        let account = try ServerAccount.current()
        let folder = primary.folder.appending(path: "standby")
        let data = folder.appending(path: "postgres")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        chown(data.path, account.userID, account.groupID)
        chmod(data.path, 0o700)
        let copy = try await account.run([
            Self.program("pg_basebackup"), "--pgdata=\(data.path)", "--write-recovery-conf", "--wal-method=stream",
            "--checkpoint=fast", "--dbname=\(await primary.server.target.url)",
        ])
        guard copy.succeeded else { throw EmbeddedPostgres.Failure.failed(action: "pg_basebackup", output: copy.text) }
        sockets = folder.appending(path: "run")
        server = try await EmbeddedPostgres.start(in: folder, settings: settings, logger: .silent)
        connection = try await Connection.open(server.target, logger: .silent)
    }

    /// Waits until it holds the log up to a position, and follows no more from then on.
    package func cutOff(at position: Int64) async throws {
        while try await connection.query("select position from log_head")[0].integer("position") < position {}
        try await connection.query("alter system set primary_conninfo = ''")
        try await connection.query("select pg_reload_conf()")
        while try await !connection.query("select from pg_stat_wal_receiver").isEmpty {}
    }

    package func promote() async throws {
        guard try await connection.query("select pg_promote() as is_promoted")[0].bool("is_promoted") else {
            throw EmbeddedPostgres.Failure.failed(action: "pg_promote", output: "")
        }
        connection.close()
    }

    private static func program(_ name: String) -> String {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let newest = versions.max { (Int($0) ?? 0) < (Int($1) ?? 0) }
        return "/usr/lib/postgresql/\(newest ?? "")/bin/\(name)"
    }
}
