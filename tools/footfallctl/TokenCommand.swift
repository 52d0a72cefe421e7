import Access
import ArgumentParser
import Counting
import EventSourcing
import Foundation
import Installation
import Settings

/// Tokens for the API: making them, and ending them before they expire.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a token for the API; list and revoke those that were printed.",
        subcommands: [IssueTokenCommand.self, ListTokensCommand.self, RevokeTokensCommand.self],
        defaultSubcommand: IssueTokenCommand.self)
}

struct IssueTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Print a token for the API.",
        discussion: """
            Signs with the secret in FOOTFALL_AUTH_SECRET or FOOTFALL_AUTH_SECRET_FILE, where there is one; else with the \
            key in the data directory, which is made where it is missing. It is valid for every server that has the same \
            secret or data directory, until it expires or is revoked. What it says, and never the token itself, is noted in \
            the data directory, for footfallctl token list.
            """)

    @Option(\.database.dataDirectory) var dataDirectory: SettingFlag?

    @Option(help: "viewer, operator, admin or worker.")
    var role: Role?

    @Option(help: "A permission beside those of the role, such as worker:report; may be given more than once.")
    var permission: [Permission] = []

    @Option(help: "How long it is valid: a number with s, m, h or d.")
    var ttl = TokenLifetime(seconds: 12 * 3600)

    @Option(help: "The name by which events are recorded; by default the user's, or a worker's own.")
    var subject: String?

    @Option(help: "Only for these cameras: their ids, separated by commas.")
    var cameras: CameraIDs?

    @Option(help: "Only for cameras at this location.")
    var location: String?

    @Option(help: "The worker that it is for (worker-1), with --role worker.")
    var worker: String?

    @Flag(help: "Print the key set (JWKS) by which the tokens are verified elsewhere, and no token.")
    var publicKeys = false

    func validate() throws {
        if publicKeys { return }
        if role == nil, permission.isEmpty { throw ValidationError("give a --role or a --permission") }
        if (cameras != nil ? 1 : 0) + (location != nil ? 1 : 0) + (role == .worker ? 1 : 0) > 1 {
            throw ValidationError("--cameras, --location and --role worker exclude one another")
        }
        if worker != nil, role != .worker { throw ValidationError("--worker goes with --role worker") }
        if location?.isEmpty == true { throw ValidationError("--location is empty") }
    }

    func run() async throws {
        do {
            let settings = try InstallationSettings(settingFlags)
            if publicKeys {
                let key = try SigningKey.make(in: settings.dataDirectory)
                print(String(decoding: key.publicKeySet, as: UTF8.self))
            } else {
                let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
                let (grant, id) = (try grant(), UUID().uuidString.lowercased())
                let token = try await Self.issuer(settings).token(for: grant, id: id, at: now)
                // With a secret there may be no data directory.
                if settings.namesDataDirectory || !settings.authentication.hasSecret {
                    Self.note(IssuedTokens.Entry(grant, id: id, at: now), in: settings.dataDirectory, at: now)
                }
                print(token)
            }
        } catch {
            complain("\(error)")
            throw error is InvalidSettings ? ExitCode(64) : ExitCode.failure
        }
    }

    /// Without the note the token is as good, and can still be revoked.
    private static func note(_ entry: IssuedTokens.Entry, in folder: URL, at now: Timestamp) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let path = folder.appending(path: "issued-tokens.lock").path
            guard let lock = FileLock(waitingFor: path) else { throw CocoaError(.fileWriteNoPermission) }
            defer { withExtendedLifetime(lock) {} }
            try IssuedTokens(in: folder).add(entry, at: now)
        } catch {
            complain("token \(entry.id) of \(entry.subject) is not noted, and not listed: \(error)")
        }
    }

    private static func issuer(_ settings: InstallationSettings) async throws -> TokenIssuer {
        let given = settings.authentication
        if case .secret(let text)? = given.authority, let secret = TokenSecret(text) {
            return try await TokenIssuer(secret, TokenRules(issuer: given.issuer, audience: given.audience))
        }
        return try await TokenIssuer(SigningKey.make(in: settings.dataDirectory))
    }

    private func grant() throws -> TokenGrant {
        var grant = TokenGrant(
            subject: subject ?? NSUserName(), roles: Set([role].compactMap(\.self)), permissions: Set(permission),
            lifetime: ttl.duration)
        if role == .worker {
            let id: WorkerID
            do throws(InvalidValue) { id = try WorkerID(worker ?? WorkerID.default.text) } catch {
                throw InvalidSettings(error.sentence)
            }
            grant.scope = .assigned(worker: id.text)
            grant.subject = subject ?? id.text
        } else if let cameras {
            grant.scope = .cameras(cameras.ids)
        } else if let location {
            grant.scope = .location(location)
        }
        return grant
    }
}

/// How long a token is valid, as an operator writes it: `12h`.
struct TokenLifetime: ExpressibleByArgument, CustomStringConvertible {
    private static let units: KeyValuePairs<Character, Int64> = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
    private static let longest: Int64 = 366 * 86_400

    private let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    init?(argument: String) {
        guard let last = argument.last, let unit = Self.units.first(where: { $0.key == last })?.value,
            let number = Int64(argument.dropLast()), (1...Self.longest / unit).contains(number)
        else { return nil }
        seconds = number * unit
    }

    var duration: Duration { .seconds(seconds) }

    var description: String {
        let unit = Self.units.first { seconds % $0.value == 0 }
        return unit.map { "\(seconds / $0.value)\($0.key)" } ?? "\(seconds)s"
    }
}

/// Cameras by their ids: `1,2`.
struct CameraIDs: ExpressibleByArgument {
    let ids: Set<Int64>

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        let ids = words.compactMap { Int64($0) }
        guard ids.count == words.count, ids.allSatisfy({ $0 > 0 }) else { return nil }
        self.ids = Set(ids)
    }
}

extension Role: ExpressibleByArgument {}
extension Permission: ExpressibleByArgument {}
