import Synchronization

/// A number of places, each taken for as long as its slot is kept.
final class Slots: Sendable {
    private let taken = Atomic(0)
    private let maximum: Int

    init(_ maximum: Int) { self.maximum = maximum }

    /// Nil where all are taken.
    func take() -> Slot? {
        guard taken.add(1, ordering: .relaxed).newValue <= maximum else {
            taken.subtract(1, ordering: .relaxed)
            return nil
        }
        return Slot(self)
    }

    /// Takes one also where all are taken: for who had one before and comes back.
    func takeAgain() -> Slot {
        taken.add(1, ordering: .relaxed)
        return Slot(self)
    }

    final class Slot: Sendable {
        private let slots: Slots

        fileprivate init(_ slots: Slots) { self.slots = slots }

        deinit { slots.taken.subtract(1, ordering: .relaxed) }
    }
}

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
