import Foundation
import Installation
import Logging
import Postgres

/// A PostgreSQL cluster with PostgreSQL's default durability, in a temporary folder.
package enum BenchCluster {
    package static let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    /// Runs the cluster for as long as `body` takes, then removes it; where `body` fails, the server's log is kept, and
    /// standard error says where.
    package static func with(named name: String, _ body: (ConnectionTarget) async throws -> Void) async throws {
        let files = FileManager.default
        let unique = "\(name)-\(UUID().uuidString.prefix(8))"
        let folder = files.temporaryDirectory.appending(path: unique)
        try files.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        var outcome = Result<Void, any Error>.success(())
        do {
            let server = try await EmbeddedPostgres.start(in: folder, logger: logger)
            do { try await body(server.target.named("bench", requestTimeout: nil)) } catch { outcome = .failure(error) }
            try await server.stop()
        } catch {
            outcome = .failure(error)
        }
        if case .failure = outcome {
            let log = files.temporaryDirectory.appending(path: "\(unique).log")
            if (try? files.moveItem(at: folder.appending(path: "postgres/server.log"), to: log)) != nil {
                FileHandle.standardError.write(Data("the server's log: \(log.path)\n".utf8))
            }
        }
        try files.removeItem(at: folder)
        try outcome.get()
    }
}
