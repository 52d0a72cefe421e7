import Synchronization

/// The place of the request that is being handled among those that are worked on.
final class RequestPlace: Sendable {
    @TaskLocal static var current: RequestPlace?

    private struct Held {
        var slot: Slots.Slot?
        /// Of the user's share, once the user is known.
        var share: UserSlots.Slot?
    }

    private let slots: Slots
    private let shares: UserSlots
    private let bodies: UserSlots
    private let held: Mutex<Held>
    private let sender: Sender

    /// - Parameters:
    ///   - shares: how many of the places each user has.
    ///   - bodies: the places of bodies that are waited for.
    ///   - sender: who sent the request, once that is known.
    init(_ slot: Slots.Slot, of slots: Slots, shares: UserSlots, bodies: UserSlots, sender: Sender) {
        self.slots = slots
        self.shares = shares
        self.bodies = bodies
        held = Mutex(Held(slot: slot))
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
                "At most \(current.shares.ofUser) requests of a user are worked on at a time; try again.")
        }
        current.held.withLock { $0.share = share }
    }

    private func leave() { held.withLock { $0 = Held() } }

    /// - Parameter slot: the place that was taken again.
    private func comeBack(to slot: Slots.Slot) {
        let share = shares.takeAgain(for: sender.user)
        held.withLock { $0 = Held(slot: slot, share: share) }
    }

    /// Lets others have the place while a request waits for what costs the server nothing. Afterwards it goes on even
    /// where there are no places left; then nobody new is let in until there are.
    static func left<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        guard let current else { return try await body() }
        current.leave()
        defer { current.comeBack(to: current.slots.takeAgain()) }
        return try await body()
    }

    /// Lets others have the place while a request's body comes in, for whose pace its client cares. Bodies that are waited
    /// for have places of their own, of which one user has some.
    /// - Throws: `Problem` where those are taken, or where the body has come and there is no place for it to be worked on.
    static func whileBodyComes<Value>(_ read: () async throws -> Value) async throws -> Value {
        guard let current else { return try await read() }
        guard let body = current.bodies.take(for: current.sender.user) else {
            throw Problem.passing(.overloaded, "Too many bodies of requests are on their way; try again.")
        }
        current.leave()
        let value = try await read()
        withExtendedLifetime(body) {}
        guard let slot = current.slots.take() else { throw Problem.overloaded }
        current.comeBack(to: slot)
        return value
    }
}

extension Problem {
    static let overloaded = Problem.passing(.overloaded, "Too many requests are being worked on; try again.")
}
