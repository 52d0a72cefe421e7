import Foundation
import Logging
import Postgres

/// The database that the settings name: one that runs elsewhere, or the embedded server, started where it is down.
package struct Database: Sendable {
    package struct NotThere: Error, CustomStringConvertible {
        package let folder: String

        package var description: String {
            "there is no database in \(folder); name another with --data-dir or FOOTFALL_DATABASE_URL, "
                + "or make one with footfall up"
        }
    }

    package let target: ConnectionTarget
    /// Nil where the database is not ours to stop.
    package let server: EmbeddedPostgres?

    /// - Parameter creating: whether a missing embedded database is made; otherwise `NotThere` is thrown.
    package static func open(_ settings: InstallationSettings, creating: Bool, logger: Logger) async throws -> Database
    {
        if let url = settings.databaseURL { return Database(target: ConnectionTarget(url), server: nil) }
        let folder = settings.dataDirectory
        if !creating, !EmbeddedPostgres.exists(in: folder) { throw NotThere(folder: folder.path) }
        let server = try await EmbeddedPostgres.start(in: folder, logger: logger)
        return Database(target: server.target, server: server)
    }

    /// Lends the database to `body`, and stops the embedded server afterwards unless others use it.
    package static func with<Value>(
        _ settings: InstallationSettings, creating: Bool = false, logger: Logger,
        _ body: (ConnectionTarget) async throws -> Value
    ) async throws -> Value {
        try await lend(settings, creating: creating, logger: logger) { try await body($0.target) }
    }

    /// As `with`, for a caller that looks after the embedded server.
    package static func lend<Value>(
        _ settings: InstallationSettings, creating: Bool = false, logger: Logger,
        _ body: (Database) async throws -> Value
    ) async throws -> Value {
        let database = try await open(settings, creating: creating, logger: logger)
        do {
            let value = try await body(database)
            try await database.server?.stop()
            return value
        } catch {
            try? await database.server?.stop()  // the first error is the one that matters
            throw error
        }
    }
}
