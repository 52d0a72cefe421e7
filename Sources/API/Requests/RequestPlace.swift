import Resilience
import Synchronization

/// The place of the request that is being handled among those that are worked on.
final class RequestPlace: Sendable {
    @TaskLocal static var current: RequestPlace?

    private struct Held {
        var permit: Semaphore.Permit?
        /// Of the user's share, once the user is known.
        var share: Semaphore.Permit?
    }

    private let permits: Semaphore
    private let shares: Semaphore
    private let bodies: Semaphore
    private let held: Mutex<Held>
    private let sender: Sender

    /// - Parameters:
    ///   - shares: how many of the places each user has.
    ///   - bodies: the places of bodies that are waited for.
    ///   - sender: who sent the request, once that is known.
    init(_ permit: Semaphore.Permit, of permits: Semaphore, shares: Semaphore, bodies: Semaphore, sender: Sender) {
        self.permits = permits
        self.shares = shares
        self.bodies = bodies
        held = Mutex(Held(permit: permit))
        self.sender = sender
    }

    /// The user who sent the request that is being handled; empty where it is not known.
    static var user: String { current?.sender.user ?? "" }

    /// Counts the request among its user's, who is known from here on.
    /// - Throws: `Problem` where the user has their share of the places already.
    static func takeShare() throws(Problem) {
        guard let current else { return }
        guard let share = current.shares.take(for: current.sender.user) else {
            throw Problem.passing(
                .rateLimited,
                "At most \(current.shares.maximumOfUser) requests of a user are worked on at a time; retry.")
        }
        current.held.withLock { $0.share = share }
    }

    private func leave() { held.withLock { $0 = Held() } }

    /// - Parameter permit: the place that was taken again.
    private func comeBack(to permit: Semaphore.Permit) {
        let share = shares.retake(for: sender.user)
        held.withLock { $0 = Held(permit: permit, share: share) }
    }

    /// Lets others have the place while a request waits for what costs the server nothing. Afterwards it goes on even
    /// where there are no places left; then nobody new is let in until there are.
    static func left<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        guard let current else { return try await body() }
        current.leave()
        defer { current.comeBack(to: current.permits.retake()) }
        return try await body()
    }

    /// Lets others have the place while a request's body comes in, for whose pace its client cares. Bodies that are waited
    /// for have places of their own, of which one user has some.
    /// - Throws: `Problem` where those are taken, or where the body has come and there is no place for it to be worked on.
    static func whileBodyComes<Value>(_ read: () async throws -> Value) async throws -> Value {
        guard let current else { return try await read() }
        guard let body = current.bodies.take(for: current.sender.user) else {
            throw Problem.passing(.overloaded, "Too many bodies of requests are on their way; retry.")
        }
        current.leave()
        let value = try await read()
        withExtendedLifetime(body) {}
        guard let permit = current.permits.take() else { throw Problem.overloaded }
        current.comeBack(to: permit)
        return value
    }
}

extension Problem {
    static let overloaded = Problem.passing(.overloaded, "Too many requests are being worked on; retry.")
}
