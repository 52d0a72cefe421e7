import API
import Access
import EventSourcing
import Foundation

/// Tokens for the API that runs with `authentication`.
struct TestTokens: Sendable {
    let authentication: Authentication
    private let issuer: TokenIssuer
    private static let now = Timestamp(rfc3339: "2026-03-29T12:00:00Z") ?? Timestamp(microseconds: 0)

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-tokens-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        let key = try SigningKey.make(in: folder)
        issuer = try await TokenIssuer(key)
        authentication = .tokens(try await TokenVerifier(own: key, now: { Self.now }))
    }

    func token(
        _ subject: String = "ana", _ roles: Set<Role> = [], _ permissions: Set<Permission> = [], _ scope: Scope = .all,
        lifetime: Duration = .seconds(60)
    ) throws -> String {
        let grant = TokenGrant(
            subject: subject, roles: roles, permissions: permissions, scope: scope, lifetime: lifetime)
        return try issuer.token(for: grant, id: UUID().uuidString, at: Self.now)
    }

    /// Whoever may do everything.
    func all() throws -> String { try token("root", [.admin], [.report]) }

    func worker(_ id: String) throws -> String { try token(id, [.worker], [], .assigned(worker: id)) }
}
