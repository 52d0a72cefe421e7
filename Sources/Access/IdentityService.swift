import Crypto
import EventSourcing
import Foundation
import Logging
import Resilience

/// Asks an identity service whom a token names. It is sent `POST` with the token as bearer, and answers 200 with the
/// user as JSON, or anything else for a token that it does not accept.
///
/// A token is asked about once at a time; that it was refused is remembered for some seconds. At most 64 tokens are
/// asked about at the same time, and eight of those for one network, so that made up ones cannot be turned on the
/// service without bound, nor keep the tokens of others from being asked about. While it is down it is left alone, but
/// for a trial now and then.
package actor IdentityService {
    typealias Answer = IdentityHTTP.Answer

    /// For how long an answer counts.
    static let acceptedFor = Duration.seconds(30)
    static let refusedFor = Duration.seconds(5)
    private static let maximumAsked = 64
    static let maximumAskedForANetwork = 8
    private static let retryAfter = Duration.seconds(2)

    package nonisolated let circuit: CircuitBreaker

    private let ask: @Sendable (_ token: String) async throws -> Answer
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let refusals = TokenCache<Void>(capacity: 10_000)
    private var asking: [SHA256Digest: Task<Result<Principal, TokenFailure>, Never>] = [:]
    /// How many tokens are asked about, by the network that they came from.
    private var places: [String: Int] = [:]

    init(
        circuit: CircuitBreaker = CircuitBreaker("identity"), now: @escaping @Sendable () -> Timestamp, logger: Logger,
        ask: @escaping @Sendable (String) async throws -> Answer
    ) {
        self.circuit = circuit
        self.ask = ask
        self.now = now
        self.logger = logger
    }

    package init(_ url: URL, now: @escaping @Sendable () -> Timestamp, logger: Logger) {
        self.init(now: now, logger: logger) { token in try await IdentityHTTP.shared.verify(token, at: url) }
    }

    /// - Parameters:
    ///   - network: where the token came from.
    ///   - mayAsk: called where the service is to be asked; false for no.
    func principal(
        for token: String, _ digest: SHA256Digest, from network: String = "",
        _ mayAsk: @Sendable () async -> Bool = { true }
    ) async throws(TokenFailure) -> Principal {
        if refusals.value(for: digest, at: now()) != nil { throw .refused }
        if let asked = asking[digest] { return try await asked.value.get() }
        guard await mayAsk() else { throw .notAsked }
        // Others may have asked meanwhile.
        if let asked = asking[digest] { return try await asked.value.get() }
        guard asking.count < Self.maximumAsked, places[network, default: 0] < Self.maximumAskedForANetwork else {
            throw .unavailable(retryAfter: Self.retryAfter)
        }
        places[network, default: 0] += 1
        // A task of its own: the first caller may be cancelled, the others still wait for it.
        let task = Task {
            let result = await answer(to: token, digest)
            leavePlace(of: network)
            return result
        }
        asking[digest] = task
        return try await task.value.get()
    }

    private func leavePlace(of network: String) {
        let left = places[network, default: 1] - 1
        places[network] = left == 0 ? nil : left
    }

    private func answer(to token: String, _ digest: SHA256Digest) async -> Result<Principal, TokenFailure> {
        defer { asking[digest] = nil }
        let ticket: Circuit.Ticket
        do throws(CircuitOpen) { ticket = try circuit.admit() } catch {
            return .failure(.unavailable(retryAfter: error.retryAfter))
        }
        let answer: Answer
        do { answer = try await ask(token) } catch {
            circuit.report(.failure, of: ticket)
            logger.warning("the identity service does not answer", metadata: ["reason": "\(error)"])
            return .failure(.unavailable(retryAfter: Self.retryAfter))
        }
        circuit.report(Self.isFailing(answer.status) ? .failure : .success, of: ticket)
        let result = read(answer)
        if case .failure(.refused) = result { refusals.keep((), for: digest, until: now() + Self.refusedFor) }
        return result
    }

    /// Whether a status says that the service, and not the token, is at fault.
    private static func isFailing(_ status: Int) -> Bool { status >= 500 || status == 408 || status == 429 }

    private func read(_ answer: Answer) -> Result<Principal, TokenFailure> {
        switch answer.status {
        case 200:
            // Why it is none is not of interest: the log says that it is.
            guard
                let json = try? JSON.parse(
                    answer.body, within: JSONLimits(depth: 16, nameBytes: JSONLimits.foreign.nameBytes)),
                json.object != nil
            else {
                logger.warning("the identity service answers with something that is no user")
                return .failure(.unavailable(retryAfter: Self.retryAfter))
            }
            return Result { () throws(TokenFailure) in try Principal(user: json) }
        case 400..<500 where !Self.isFailing(answer.status): return .failure(.refused)
        default:
            logger.warning("the identity service fails", metadata: ["status": "\(answer.status)"])
            return .failure(.unavailable(retryAfter: Self.retryAfter))
        }
    }
}

extension Principal {
    /// Whom an identity service's answer names: the user itself, or an object with the user as `user`.
    init(user answer: JSON) throws(TokenFailure) {
        for name in ["valid", "active"] where answer[name] == false { throw .refused }
        // A null member of a user says that there is none.
        let user = (answer["user"]?.object ?? answer.object ?? [:]).filter { $0.value != .null }
        for name in ["valid", "active"] where user[name] == false { throw .refused }
        let names = ["sub", "username", "email", "id"].compactMap { name -> String? in
            switch user[name] {
            case .string(let text): text
            case .integer(let number): String(number)
            default: nil
            }
        }
        guard let name = names.first else { throw .badClaim("sub") }
        try self.init(issuer: .service, name: name, of: .object(user))
    }
}
