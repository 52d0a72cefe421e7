import ArgumentParser
import Counting
import EventLog
import EventSourcing
import Foundation
import Postgres
import UseCases

struct RevokeTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End tokens before they expire: one by its id, those of a subject, or all that were issued so far.",
        discussion: """
            Recorded in the log as TokensRevoked, and kept by every server within a second. It cannot be undone; new tokens \
            can be issued to the same subject. A worker's token that the server renews by itself is replaced by the next one.
            """)

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The token's id (jti), as footfallctl token list shows it.")
    var id: String?

    @Option(help: "Whose tokens, no matter who issued them.")
    var subject: String?

    @Flag(help: "All tokens, of all issuers.")
    var all = false

    @Option(help: "With --subject or --all: only those that were issued at this time or before (2026-03-29T12:00:00Z).")
    var issuedBefore: String?

    @Option(help: "Why; kept in the log.")
    var reason: String?

    @Option(help: "Who; kept in the log. The user's name where it is not given.")
    var actor: String?

    func validate() throws {
        guard [id != nil, subject != nil, all].count(where: \.self) == 1 else {
            throw ValidationError("give an id, --subject or --all")
        }
        if id != nil, issuedBefore != nil { throw ValidationError("--issued-before goes with --subject or --all") }
        _ = try revoked(now: Self.now)
    }

    func run() async throws {
        let revoked = try revoked(now: Self.now)
        try await database.withDatabase { [self] target in
            let pool = Pool(target, size: 1, logger: .operators)
            defer { pool.close() }
            let revocation = TokenRevocation(log: PostgresEventLog(readers: pool, writer: pool), pool: pool)
            let position = try await revocation.revoke(
                revoked, metadata: EventMetadata(actor: actor ?? NSUserName()), .operators)
            print("revoked; recorded at position \(position)")
        }
    }

    private static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }

    private func revoked(now: Timestamp) throws -> TokensRevoked {
        do throws(InvalidValue) {
            var instant = all ? now : nil
            if let issuedBefore {
                guard let given = Timestamp(rfc3339: issuedBefore) else {
                    throw InvalidValue(.malformed, "--issued-before is no time such as 2026-03-29T12:00:00Z.")
                }
                instant = given
            }
            return try TokensRevoked(
                token: try id.map { text throws(InvalidValue) in try TokenID(text) },
                subject: try subject.map { text throws(InvalidValue) in try TokenSubject(text) }, issuedBefore: instant,
                reason: try reason.map { text throws(InvalidValue) in try Reason(text) }, now: now)
        } catch {
            throw ValidationError(error.sentence)
        }
    }
}
