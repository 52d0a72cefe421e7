import Synchronization

/// Bounds how many exports are under way: each keeps one of the pool's connections busy, as fast as its reader reads.
final class ExportSlots: Sendable {
    /// Taken until nothing refers to it any more, whatever became of the answer.
    final class Slot: Sendable {
        private let slots: ExportSlots

        fileprivate init(_ slots: ExportSlots) { self.slots = slots }

        deinit { slots.taken.withLock { $0 -= 1 } }
    }

    let count: Int
    private let taken = Mutex(0)

    init(count: Int) { self.count = count }

    /// nil where all are taken.
    func take() -> Slot? {
        let isFree = taken.withLock { taken in
            if taken == count { return false }
            taken += 1
            return true
        }
        return isFree ? Slot(self) : nil
    }
}
