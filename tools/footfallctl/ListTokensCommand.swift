import Access
import ArgumentParser
import Counting
import EventLog
import EventSourcing
import Foundation
import Installation
import Postgres
import Settings
import TextTable

struct ListTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens that footfallctl issued with this data directory and that have not expired.",
        discussion: "Where the database cannot be reached, it is not known which of them were revoked.")

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let entries: [IssuedTokens.Entry]
        do {
            let settings = try InstallationSettings(database.settingFlags)
            entries = try IssuedTokens(in: settings.dataDirectory).all().filter { now < $0.expiresAt }
        } catch {
            complain("\(error)")
            throw error is InvalidSettings ? ExitCode(64) : ExitCode.failure
        }
        // What went wrong is said already; the tokens are shown all the same.
        let revocations = try? await known()
        let lines = entries.map { Line($0, revocations) }
        if json {
            for line in lines { print(line.json.text) }
        } else if !lines.isEmpty {
            print(Line.table.string(for: lines) ?? "")
        }
        if revocations == nil { throw DatabaseOptions.unreachable }
    }

    private func known() async throws -> Revocations {
        let revocations = Revocations()
        try await database.withDatabase { target in
            let pool = Pool(target, size: 1, logger: .operators)
            defer { pool.close() }
            for event in try await PostgresEventLog(readers: pool, writer: pool).readAll(TokensRevoked.stream) {
                revocations.add(Revocations.Revocation(try TokensRevoked(event)))
            }
        }
        return revocations
    }
}

/// A token as it is listed.
private struct Line {
    let entry: IssuedTokens.Entry
    /// `valid`, `revoked`, or `unknown`.
    let state: String

    init(_ entry: IssuedTokens.Entry, _ revocations: Revocations?) {
        self.entry = entry
        state = revocations.map { $0.include(entry) ? "revoked" : "valid" } ?? "unknown"
    }

    static var table: TextTable<Line> {
        TextTable { line in
            [
                Column(title: "id", value: line.entry.id), Column(title: "subject", value: line.entry.subject),
                Column(title: "grants", value: line.entry.grants.joined(separator: " ")),
                Column(title: "limit", value: line.entry.limit ?? ""),
                Column(title: "issued", value: line.entry.issuedAt.rfc3339),
                Column(title: "expires", value: line.entry.expiresAt.rfc3339),
                Column(title: "state", value: line.state),
            ]
        }
    }

    var json: JSON {
        var members = entry.members
        members["state"] = .string(state)
        return .object(members)
    }
}
