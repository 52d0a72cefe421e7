import Synchronization

/// The place of the request that is being handled among those that are worked on.
final class RequestPlace: Sendable {
    @TaskLocal static var current: RequestPlace?

    private let slots: Slots
    private let slot: Mutex<Slots.Slot?>

    init(_ slot: Slots.Slot, of slots: Slots) {
        self.slots = slots
        self.slot = Mutex(slot)
    }

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
}
