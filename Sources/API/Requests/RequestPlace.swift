import Synchronization

/// The place of the request that is being handled among those that are worked on.
final class RequestPlace: Sendable {
    @TaskLocal static var current: RequestPlace?

    private let slots: Slots
    private let bodies: UserSlots
    private let slot: Mutex<Slots.Slot?>
    private let sender: Sender

    /// - Parameters:
    ///   - bodies: the places of bodies that are waited for.
    ///   - sender: who sent the request, once that is known.
    init(_ slot: Slots.Slot, of slots: Slots, bodies: UserSlots, sender: Sender) {
        self.slots = slots
        self.bodies = bodies
        self.slot = Mutex(slot)
        self.sender = sender
    }

    /// Who sent the request that is being handled; empty where nobody knows.
    static var user: String { current?.sender.name ?? "" }

    /// Lets others have the place while a request waits for what costs the server nothing. Afterwards it goes on even
    /// where there are no places left; then nobody new is let in until there are.
    static func left<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        guard let current else { return try await body() }
        current.slot.withLock { $0 = nil }
        defer {
            let slot = current.slots.takeAgain()
            current.slot.withLock { $0 = slot }
        }
        return try await body()
    }

    /// Lets others have the place while a request's body comes in, for whose pace its client cares. Bodies that are waited
    /// for have places of their own, of which one user has some.
    /// - Throws: `Problem` where those are taken, or where the body has come and there is no place for it to be worked on.
    static func whileBodyComes<Value>(_ read: () async throws -> Value) async throws -> Value {
        guard let current else { return try await read() }
        guard let body = current.bodies.take(for: current.sender.name) else {
            throw Problem.passing(.overloaded, "Too many bodies of requests are on their way; try again.")
        }
        current.slot.withLock { $0 = nil }
        let value = try await read()
        withExtendedLifetime(body) {}
        guard let slot = current.slots.take() else { throw Problem.overloaded }
        current.slot.withLock { $0 = slot }
        return value
    }
}

extension Problem {
    static let overloaded = Problem.passing(.overloaded, "Too many requests are being worked on; try again.")
}
