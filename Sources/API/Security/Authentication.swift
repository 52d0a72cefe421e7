import Access
import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import Resilience
import Synchronization

/// How requests prove who sends them.
package enum Authentication: Sendable {
    /// Not at all: the header `Footfall-Actor` names who acts, and everybody may do everything. For a server that is
    /// reached from its own machine alone.
    case off
    /// By a bearer token (RFC 6750) in the header `Authorization`, and nowhere else. `Footfall-Actor` means nothing then.
    case tokens(TokenVerifier)

    /// Of the identity service that is asked about tokens, where one is.
    var circuit: CircuitBreaker? {
        if case .tokens(let verifier) = self { verifier.circuit } else { nil }
    }

    /// nil where requests need not prove who sends them.
    package var revocations: Revocations? {
        if case .tokens(let verifier) = self { verifier.revocations } else { nil }
    }

    /// - Throws: `Problem` where the request does not prove who sends it.
    /// - Parameter unproved: counted before an identity service is asked.
    func principal(of request: Request, _ unproved: UnprovedRequest) async throws(Problem) -> Principal {
        let principal = try await claimed(by: request, unproved)
        guard principal.name != EventMetadata.ownActor else {
            throw Problem(
                .unauthenticated, "Nobody but Footfall itself acts as \(EventMetadata.ownActor).",
                headers: [.wwwAuthenticate: Self.realm])
        }
        return principal
    }

    private func claimed(by request: Request, _ unproved: UnprovedRequest) async throws(Problem) -> Principal {
        switch self {
        case .off: return try Self.named(by: request)
        case .tokens(let verifier):
            let token = try Self.token(of: request)
            let refusal = Mutex<Problem?>(nil)
            do throws(TokenFailure) {
                return try await verifier.verify(token, from: unproved.network.name) {
                    do throws(Problem) {
                        try await unproved.count()
                        return true
                    } catch {
                        refusal.withLock { $0 = error }
                        return false
                    }
                }
            } catch {
                throw refusal.withLock(\.self) ?? Problem(error)
            }
        }
    }

    private static func named(by request: Request) throws(Problem) -> Principal {
        var actor = Actor.anonymous
        if let name = request.headers[.actor] {
            do throws(InvalidValue) { actor = try Actor(name) } catch {
                throw Problem(.malformedHeader, "Footfall-Actor: \(error.sentence)")
            }
        }
        return Principal(name: actor.text, permissions: Set(Permission.allCases))
    }

    private static func token(of request: Request) throws(Problem) -> String {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else {
            throw Problem(
                .unauthenticated, "Send a token as Authorization: Bearer …", headers: [.wwwAuthenticate: realm])
        }
        guard fields.count == 1 else {
            throw Problem(
                .malformedHeader, "There is more than one Authorization header.",
                headers: [.wwwAuthenticate: challenge("invalid_request", [:])])
        }
        // Bytes: a token is long, and taking characters apart is slow.
        let scheme = field.utf8.prefix(7)
        guard Substring(scheme).lowercased() == "bearer " else {
            throw Problem(
                .unauthenticated, "The Authorization header is not of the form Bearer and a token.",
                headers: [.wwwAuthenticate: realm])
        }
        return String(Substring(field.utf8[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }))
    }

    private static let realm = #"Bearer realm="footfall""#

    /// The value of `WWW-Authenticate` (RFC 6750, section 3).
    static func challenge(_ error: String, _ members: KeyValuePairs<String, String?>) -> String {
        members.reduce(#"\#(realm), error="\#(error)""#) { text, member in
            text + (member.value.map { #", \#(member.key)="\#($0)""# } ?? "")
        }
    }
}

extension TokenFailure: ProblemConvertible {
    var problem: Problem {
        if case .unavailable(let pause) = self {
            Problem(.identityUnavailable, sentence, headers: [.retryAfter: String(max(1, pause.components.seconds))])
        } else {
            Problem(
                .unauthenticated, sentence,
                headers: [
                    .wwwAuthenticate: Authentication.challenge("invalid_token", ["error_description": sentence])
                ])
        }
    }
}

extension Problem {
    /// - Parameter permission: what the token would have to give.
    static func forbidden(_ detail: String, lacking permission: Permission? = nil) -> Problem {
        Problem(
            .forbidden, detail,
            headers: [
                .wwwAuthenticate: Authentication.challenge("insufficient_scope", ["scope": permission?.rawValue])
            ])
    }
}
