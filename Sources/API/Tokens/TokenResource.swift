import Access
import Counting
import EventSourcing
import Hummingbird
import UseCases

/// Ends tokens before they expire. It holds in this process with the answer, and in all others within a second.
struct TokenResource: Sendable {
    let revocation: TokenRevocation
    /// nil where requests need not prove who sends them.
    let revocations: Revocations?
    let now: @Sendable () -> Timestamp

    @Sendable func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let revoked = try Self.read(try await request.json(), now: now())
        let position = try await revocation.revoke(revoked, metadata: context.eventMetadata, context.logger)
        revocations?.add(Revocations.Revocation(revoked))
        var answer: JSONObject = [:]
        for (name, value) in revoked.members { answer[name] = value ?? .null }
        return .json(JSON.object(answer).bytes, position: position)
    }

    private static func read(_ json: JSON, now: Timestamp) throws(Problem) -> TokensRevoked {
        try Form.read(json) { form in
            let token = form.optional("token_id", .text(TokenID.self))
            let subject = form.optional("subject", .text(TokenSubject.self))
            let issuedBefore = form.optional(
                "issued_before",
                .instant { (instant: Timestamp) throws(InvalidValue) in
                    guard instant <= now else {
                        throw InvalidValue(.inFuture, "Tokens are revoked that were issued up to now.")
                    }
                    return instant
                })
            let reason = form.optional("reason", .text(Reason.self))
            let present = form.make { try (token.get(), subject.get(), issuedBefore.get(), reason.get()) }
            return form.make(at: "token_id") {
                let (token, subject, issuedBefore, reason) = try present.get()
                return try TokensRevoked(
                    token: token, subject: subject, issuedBefore: issuedBefore, reason: reason, now: now)
            }
        }
    }
}
