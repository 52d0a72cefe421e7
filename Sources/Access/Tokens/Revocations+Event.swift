import Counting

extension Revocations.Revocation {
    package init(_ revoked: TokensRevoked) {
        switch revoked.which {
        case .token(let id): self = .token(id: id.text)
        case .subject(let name, let instant): self = .subject(name.text, issuedBefore: instant)
        case .all(let instant): self = .all(issuedBefore: instant)
        }
    }
}
