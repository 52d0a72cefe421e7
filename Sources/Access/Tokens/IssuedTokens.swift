import EventSourcing
import Foundation

/// What an installation has issued by hand: a file in its data directory with what each token says, a line of JSON for
/// each, and never a token itself. Those that have expired are left out with the next one that is added.
package struct IssuedTokens: Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: String
        package let subject: String
        /// Roles and permissions, by their names.
        package let grants: [String]
        /// `cameras=1,2`, `location=Hall` or `worker=worker-1`; nil where nothing limits it.
        package let limit: String?
        package let issuedAt: Timestamp
        package let expiresAt: Timestamp

        /// - Parameter id: the token's.
        package init(_ grant: TokenGrant, id: String, at now: Timestamp) {
            self.id = id
            subject = grant.subject
            grants = grant.roles.map(\.rawValue).sorted() + grant.permissions.map(\.rawValue).sorted()
            limit =
                switch grant.scope {
                case .all: nil
                case .cameras(let ids): "cameras=" + ids.sorted().map(String.init).joined(separator: ",")
                case .location(let text): "location=" + text
                case .assigned(let worker): "worker=" + worker
                }
            issuedAt = Timestamp(microseconds: now.microseconds / 1_000_000 * 1_000_000)
            expiresAt = issuedAt + grant.lifetime
        }
    }

    private static let fileName = "issued-tokens.jsonl"
    private static let maximumBytes = 1 << 24

    private let file: URL

    /// - Parameter directory: the data directory.
    package init(in directory: URL) { file = directory.appending(path: Self.fileName) }

    /// In the order in which they were issued.
    package func all() throws -> [Entry] {
        let bytes = try PrivateFile.read(file, upTo: Self.maximumBytes) ?? []
        return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
            guard let entry = Entry(try JSON.parse(Array(line))) else {
                throw SigningKey.Unusable(description: "\(file.path) holds a line that is no token's")
            }
            return entry
        }
    }

    /// Adds one. The caller holds a lock, so that no other is lost.
    package func add(_ entry: Entry, at now: Timestamp) throws {
        let kept = try all().filter { now < $0.expiresAt } + [entry]
        try PrivateFile.replace(file, containing: kept.flatMap { $0.json.bytes + [UInt8(ascii: "\n")] })
    }
}

extension IssuedTokens.Entry {
    fileprivate var json: JSON { .object(members) }

    /// As the file has them.
    package var members: JSONObject {
        [
            "id": .string(id), "subject": .string(subject), "grants": .array(grants.map(JSON.string)),
            "limit": limit.map(JSON.string) ?? .null, "issued_at": .string(issuedAt.rfc3339),
            "expires_at": .string(expiresAt.rfc3339),
        ]
    }

    fileprivate init?(_ json: JSON) {
        guard let id = json["id"]?.string, let subject = json["subject"]?.string, let grants = json["grants"]?.array,
            let issuedAt = json["issued_at"]?.string.flatMap(Timestamp.init(rfc3339:)),
            let expiresAt = json["expires_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        else { return nil }
        self.id = id
        self.subject = subject
        self.grants = grants.compactMap(\.string)
        limit = json["limit"]?.string
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}
