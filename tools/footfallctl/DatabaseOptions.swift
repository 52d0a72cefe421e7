import ArgumentParser
import Foundation
import Installation
import Logging
import Postgres
import Projector
import Secrets
import Settings
import StructuredLogging
import UnixSignals

/// Which database, and how each command reaches it.
struct DatabaseOptions: ParsableArguments {
    @Option(\.database.dataDirectory) var dataDirectory: SettingFlag?
    @Option(\.database.url) var databaseURL: SettingFlag?

    static let unreachable = ExitCode(69)

    /// Runs `body` on the database; starts the embedded server for that long where it is down. SIGINT and SIGTERM cancel
    /// it. What goes wrong is said on standard error, and ends the process with the code that belongs to it.
    func withDatabase(_ body: @escaping @Sendable (ConnectionTarget) async throws -> Void) async throws {
        do {
            let settings = try InstallationSettings(settingFlags)
            try await Database.with(settings, logger: .operators) { target in
                try await cancelledBySignals { try await body(target.named("footfallctl", requestTimeout: nil)) }
            }
        } catch let code as ExitCode {
            throw code
        } catch let error as PostgresError where error.isOfMissingObject {
            complain("the database is not at this release's state; run footfallctl migrate")
            throw ExitCode.failure
        } catch {
            complain("\(error)")
            throw Self.exitCode(for: error)
        }
    }

    private static func exitCode(for error: any Error) -> ExitCode {
        switch error {
        case PostgresError.unreachable, PostgresError.full, PostgresError.connectionLost, is EmbeddedPostgres.Failure,
            is Database.NotThere:
            unreachable
        case is InvalidSettings, is MasterKeyError: ExitCode(64)
        default: ExitCode.failure
        }
    }

    private func cancelledBySignals(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                for await _ in signals { return false }
                return true
            }
            let isDone = try await group.next() ?? true
            group.cancelAll()
            if !isDone { while (try? await group.next()) != nil {} }  // what the signal cancelled may throw
        }
    }
}

/// Says on standard error what went wrong.
func complain(_ text: String) {
    FileHandle.standardError.say("footfallctl: \(text)\n")
}

extension Logger {
    /// For an operator at a terminal: warnings and errors, on standard error.
    static var operators: Logger {
        LogFormat.text.makeLogger(label: "footfallctl", level: .error)
    }
}

extension PostgresError {
    /// Whether a table, function or schema is missing.
    fileprivate var isOfMissingObject: Bool {
        [SQLState.undefinedTable, SQLState.undefinedFunction, SQLState.undefinedSchema].contains(sqlState)
    }
}
