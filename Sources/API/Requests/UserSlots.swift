import EventSourcing
import Synchronization

/// A number of places, of which one user has some at most, each taken for as long as its slot is kept.
final class UserSlots: Sendable {
    let maximum: Int
    let ofUser: Int
    private let taken = Mutex<(all: Int, byUser: [ExactText: Int])>((0, [:]))

    init(_ maximum: Int, ofUser: Int) {
        self.maximum = maximum
        self.ofUser = ofUser
    }

    /// nil where all are taken, or all that this user may have.
    func take(for user: String) -> Slot? {
        let user = ExactText(user)
        let isFree = taken.withLock { taken in
            guard taken.all < maximum, taken.byUser[user, default: 0] < ofUser else { return false }
            taken.all += 1
            taken.byUser[user, default: 0] += 1
            return true
        }
        return isFree ? Slot(self, user) : nil
    }

    /// Takes one also where none is left: for who had one before and comes back.
    func takeAgain(for user: String) -> Slot {
        let user = ExactText(user)
        taken.withLock { taken in
            taken.all += 1
            taken.byUser[user, default: 0] += 1
        }
        return Slot(self, user)
    }

    private func free(_ user: ExactText) {
        taken.withLock { taken in
            taken.all -= 1
            let count = taken.byUser[user, default: 0] - 1
            taken.byUser[user] = count > 0 ? count : nil
        }
    }

    /// Taken until nothing refers to it any more, whatever became of the answer.
    final class Slot: Sendable {
        private let slots: UserSlots
        private let user: ExactText

        fileprivate init(_ slots: UserSlots, _ user: ExactText) {
            self.slots = slots
            self.user = user
        }

        deinit { slots.free(user) }
    }
}
