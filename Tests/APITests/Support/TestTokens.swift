import API
import Access
import EventSourcing
import Foundation

/// Tokens for the API that runs with `authentication`.
struct TestTokens: Sendable {
    let authentication: Authentication
    private let key: SigningKey
    private let issuer: TokenIssuer
    private static let now = Timestamp(rfc3339: "2026-03-29T12:00:00Z") ?? Timestamp(microseconds: 0)

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-tokens-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        try await self.init(SigningKey.make(in: folder), Revocations())
    }

    /// Those of another process of the same installation, which knows revocations of its own.
    /// - Parameter isRead: whether those that there are have been read.
    init(sharing other: TestTokens, isRead: Bool) async throws {
        try await self.init(other.key, Revocations(isComplete: isRead))
    }

    private init(_ key: SigningKey, _ revocations: Revocations) async throws {
        self.key = key
        issuer = try await TokenIssuer(key)
        authentication = .tokens(try await TokenVerifier(own: key, revocations: revocations, now: { Self.now }))
    }

    func token(
        _ subject: String = "ana", _ roles: Set<Role> = [], _ permissions: Set<Permission> = [], _ scope: Scope = .all,
        lifetime: Duration = .seconds(60), id: String = UUID().uuidString, issuedAfter delay: Duration = .zero
    ) throws -> String {
        let grant = TokenGrant(
            subject: subject, roles: roles, permissions: permissions, scope: scope, lifetime: lifetime)
        return try issuer.token(for: grant, id: id, at: Self.now + delay)
    }

    /// One that may do everything.
    func all() throws -> String { try token("root", [.admin], [.report]) }

    func worker(_ id: String) throws -> String { try token(id, [.worker], [], .assigned(worker: id)) }
}
