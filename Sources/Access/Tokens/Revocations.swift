import EventSourcing
import Synchronization

/// What a token says of itself that a revocation goes by.
struct IssuedToken: Hashable, Sendable {
    /// `jti`.
    let id: String?
    let subject: String
    /// `iat`; nil where the token does not say, which counts as long ago. A token that an identity service verifies was
    /// issued when it did.
    let issuedAt: Timestamp?
}

/// Which tokens have been ended before they expire. Safe for concurrent use.
package final class Revocations: Sendable {
    package enum Revocation: Hashable, Sendable {
        case token(id: String)
        /// Those that were issued at this instant or before.
        case subject(String, issuedBefore: Timestamp)
        case all(issuedBefore: Timestamp)
    }

    private struct Known {
        var isComplete: Bool
        var ids: Set<ExactText> = []
        var subjects: [ExactText: Timestamp] = [:]
        var all: Timestamp?

        mutating func add(_ revocation: Revocation) {
            switch revocation {
            case .token(let id): ids.insert(ExactText(id))
            case .subject(let name, let instant):
                let key = ExactText(name.inNormalForm)
                subjects[key] = max(subjects[key] ?? instant, instant)
            case .all(let instant): all = max(all ?? instant, instant)
            }
        }
    }

    private let known: Mutex<Known>

    /// - Parameter isComplete: false where what is there has still to be read: until then nobody is let in.
    package init(isComplete: Bool = true) { known = Mutex(Known(isComplete: isComplete)) }

    package func add(_ revocation: Revocation) { known.withLock { $0.add(revocation) } }

    /// Takes these for all that there are.
    package func replace(by all: some Sequence<Revocation>) {
        var new = Known(isComplete: true)
        for revocation in all { new.add(revocation) }
        known.withLock { $0 = new }
    }

    var isComplete: Bool { known.withLock(\.isComplete) }

    package func include(_ entry: IssuedTokens.Entry) -> Bool {
        include(IssuedToken(id: entry.id, subject: entry.subject, issuedAt: entry.issuedAt))
    }

    func include(_ token: IssuedToken) -> Bool {
        known.withLock { known in
            if let id = token.id, known.ids.contains(ExactText(id)) { return true }
            let bounds = [known.all, known.subjects[ExactText(token.subject)]].compactMap(\.self)
            return bounds.contains { bound in token.issuedAt.map { $0 <= bound } ?? true }
        }
    }
}
