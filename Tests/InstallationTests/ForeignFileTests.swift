import Foundation
import Subprocess
import TestSupport
import Testing

@testable import Installation
@testable import Postgres

/// What the server's user puts in the server's folder leads root nowhere else.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Tier.isWhole && geteuid() == 0)) struct ForeignFileTests {
    /// Runs a shell's text as the server's user, with the cluster's folder as `$1` and root's file as `$2`.
    private func asServer(_ text: String, _ cluster: URL, _ secret: URL) async throws {
        let output = try await ServerAccount.current().run(["sh", "-ec", text, "sh", cluster.path, secret.path])
        #expect(output.succeeded, "\(output.text)")
    }

    private struct Facts: Equatable {
        let content: String
        let owner: uid_t
        let mode: mode_t

        init(of file: URL) throws {
            content = try String(contentsOf: file, encoding: .utf8)
            var status = stat()
            #expect(lstat(file.path, &status) == 0)
            (owner, mode) = (status.st_uid, status.st_mode)
        }
    }

    /// A file that root alone may read, beside the cluster.
    private func makeSecret(in cluster: TortureCluster) throws -> URL {
        let secret = cluster.folder.appending(path: "secret")
        try Data("SECRET".utf8).write(to: secret)
        chmod(secret.path, 0o600)
        return secret
    }

    @Test func aLinkInPlaceOfTheSettingsLeavesItsTargetAlone() async throws {
        try await TortureCluster.with { cluster in
            let server = await cluster.server
            let secret = try makeSecret(in: cluster)
            let before = try Facts(of: secret)
            try await server.stop()
            try await asServer(#"rm "$1/footfall.conf"; ln -s "$2" "$1/footfall.conf""#, cluster.cluster, secret)
            try await server.startUnlessRunning()
            #expect(try Facts(of: secret) == before)
            let connection = try await Connection.open(server.target, logger: .silent)
            defer { connection.close() }
            let row = try await connection.query("select current_setting('listen_addresses')")[0]
            #expect(try row.text(0).isEmpty)
        }
    }

    @Test func nothingOfRootIsReadThroughALink() async throws {
        try await TortureCluster.with { cluster in
            let server = await cluster.server
            let secret = try makeSecret(in: cluster)
            try await server.stop()
            // What the server says last is told where it does not start.
            try await asServer(
                #"ln -sf "$2" "$1/server.log"; echo nonsense > "$1/postgresql.auto.conf"; chmod 0 "$1/global""#,
                cluster.cluster, secret)
            let failure = await #expect(throws: EmbeddedPostgres.Failure.self) { try await server.startUnlessRunning() }
            #expect(failure.map { !"\($0)".contains("SECRET") } ?? false)
            try await asServer(#"chmod 700 "$1/global"; ln -sf "$2" "$1/PG_VERSION""#, cluster.cluster, secret)
            let folder = ForeignFolder(path: cluster.cluster.path, owner: try ServerAccount.current().userID)
            #expect(throws: Never.self) { _ = try ServerPrograms.folder(for: folder) }
        }
    }

    /// Opening a pipe would wait for anyone who writes to it.
    @Test func aPipeInPlaceOfAFileHoldsNothingUp() async throws {
        try await TortureCluster.with { cluster in
            let server = await cluster.server
            let secret = try makeSecret(in: cluster)
            try await asServer(#"mkfifo "$1/pipe"; ln "$1/pipe" "$1/other""#, cluster.cluster, secret)
            let account = try ServerAccount.current()
            let folder = ForeignFolder(path: cluster.cluster.path, owner: account.userID)
            #expect(folder.read("pipe") == nil)
            #expect(folder.read("footfall.conf") != nil)
            #expect(ForeignFolder(path: cluster.folder.path, owner: account.userID).read("secret") == nil)
            #expect(server.isAlive())
        }
    }

    @Test func aDataDirectoryThatOthersMayChangeIsRefused() async throws {
        let folder = URL(filePath: "/tmp/footfall-foreign-\(UUID().uuidString.prefix(8).lowercased())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        chmod(folder.path, 0o777)
        await #expect(throws: EmbeddedPostgres.Failure.self) {
            _ = try await EmbeddedPostgres.start(in: folder, logger: .silent)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
