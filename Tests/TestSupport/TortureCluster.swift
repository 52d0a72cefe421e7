import Foundation
import Installation
import Logging
import Postgres

/// A PostgreSQL server of a test's own that may be killed, in a folder that is gone afterwards, whatever happens: a
/// watcher outlives this process and clears up, other clusters in that folder included.
package actor TortureCluster {
    package nonisolated let folder: URL
    package private(set) var server: EmbeddedPostgres
    private let watcher: Process
    private let lifeline: Pipe

    package static func with<Value>(
        settings: [String: String] = [:], _ body: (TortureCluster) async throws -> Value
    ) async throws -> Value {
        let cluster = try await TortureCluster(settings: settings)
        do {
            let value = try await body(cluster)
            await cluster.end()
            return value
        } catch {
            await cluster.end()
            throw error
        }
    }

    private init(settings: [String: String]) async throws {
        folder = URL(filePath: "/tmp/footfall-torture-\(UUID().uuidString.prefix(8).lowercased())")
        lifeline = Pipe()
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        watcher = Process()
        watcher.executableURL = URL(filePath: "/usr/bin/setsid")
        watcher.arguments = [
            "sh", "-c",
            """
            exec 2>/dev/null
            read -r _
            pids=$(ls "$1"/*/postmaster.pid "$1"/*/*/postmaster.pid)
            for pid in $pids; do kill -QUIT "$(head -n 1 "$pid")"; done
            for pid in $pids; do
              while kill -0 "$(head -n 1 "$pid")"; do sleep 0.1; done
            done
            rm -rf "$1"
            """, "watcher", folder.path,
        ]
        watcher.standardInput = lifeline
        try watcher.run()
        server = try await EmbeddedPostgres.start(in: folder, settings: settings, logger: .silent)
        _ = try await Migrator(folder: ReleaseFiles.locate().migrations).run(on: server.target, logger: .silent)
    }

    package nonisolated var cluster: URL { folder.appending(path: "postgres") }

    /// The server's first process; nil where none was started.
    package nonisolated var postmaster: pid_t? {
        let text = try? String(contentsOf: cluster.appending(path: "postmaster.pid"), encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Sends the server a signal that ends it, and starts it again once `change` has been made to its files.
    package func restart(by signal: Int32, _ change: () throws -> Void = {}) async throws {
        guard let postmaster else { throw CocoaError(.fileNoSuchFile) }
        kill(postmaster, signal)
        while kill(postmaster, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        try change()
        server = try await EmbeddedPostgres.start(in: folder, logger: .silent)
    }

    /// Stops the server and waits until its folder is gone.
    private func end() async {
        await withCheckedContinuation { continuation in
            watcher.terminationHandler = { _ in continuation.resume() }
            try? lifeline.fileHandleForWriting.close()  // what is closed already has told the watcher
        }
    }
}
