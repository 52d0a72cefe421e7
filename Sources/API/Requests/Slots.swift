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
