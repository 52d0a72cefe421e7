import EventSourcing

/// The id of a token (`jti`).
package struct TokenID: BoundedText {
    package static let subject = "A token's id"
    package static let lengths = 1...255

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// Whom a token names (`sub`).
package struct TokenSubject: BoundedText {
    package static let subject = "A token's subject"
    package static let lengths = 1...255

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// An administrator ended tokens before they expire, for good. Who did is the metadata's actor.
package struct TokensRevoked: Hashable, Sendable {
    package enum Which: Hashable, Sendable {
        case token(TokenID)
        /// Those of a subject, of whatever issuer, that were issued at this instant or before.
        case subject(TokenSubject, issuedBefore: Timestamp)
        /// All that were issued at this instant or before.
        case all(issuedBefore: Timestamp)
    }

    /// The stream of all revocations.
    package static let stream: StreamName = "tokens"

    package let which: Which
    package let reason: Reason?

    package init(_ which: Which, reason: Reason?) {
        self.which = which
        self.reason = reason
    }

    /// - Parameters:
    ///   - issuedBefore: nil for now. It does not lie in the future, for it would end tokens that do not exist yet.
    /// - Throws: unless it is a token alone, a subject, or a time.
    package init(
        token: TokenID?, subject: TokenSubject?, issuedBefore: Timestamp?, reason: Reason?, now: Timestamp
    ) throws(InvalidValue) {
        guard issuedBefore.map({ $0 <= now }) ?? true else {
            throw InvalidValue(.inFuture, "Tokens are revoked that were issued up to now.")
        }
        switch (token, subject, issuedBefore) {
        case (let token?, nil, nil): self.init(.token(token), reason: reason)
        case (nil, let subject?, _): self.init(.subject(subject, issuedBefore: issuedBefore ?? now), reason: reason)
        case (nil, nil, let instant?): self.init(.all(issuedBefore: instant), reason: reason)
        case (nil, nil, nil), (_?, _, _):
            throw InvalidValue(
                .malformed, "Give token_id alone, or subject, or issued_before, or subject and issued_before.")
        }
    }
}

extension TokensRevoked {
    package static let eventType = EventType.tokensRevoked.rawValue

    package var members: KeyValuePairs<String, JSON?> {
        var (token, subject, instant): (JSON?, JSON?, Timestamp?)
        switch which {
        case .token(let id): token = id.json
        case .subject(let name, let issuedBefore): (subject, instant) = (name.json, issuedBefore)
        case .all(let issuedBefore): instant = issuedBefore
        }
        return [
            "token_id": token, "subject": subject, "issued_before": instant.map { .string($0.rfc3339) },
            "reason": reason?.json,
        ]
    }

    package var event: NewEvent { NewEvent(.tokensRevoked, data: .members(members)) }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .tokensRevoked)
        let token: TokenID? = try members.optionalText("token_id")
        let subject: TokenSubject? = try members.optionalText("subject")
        let instant = try members.optional("issued_before") { $0.string.flatMap(Timestamp.init(rfc3339:)) }
        reason = try members.optionalText("reason")
        switch (token, subject, instant) {
        case (let token?, nil, nil): which = .token(token)
        case (nil, let subject?, let instant?): which = .subject(subject, issuedBefore: instant)
        case (nil, nil, let instant?): which = .all(issuedBefore: instant)
        default: throw EventDecodingError(event, reason: "it does not say which tokens")
        }
    }
}
