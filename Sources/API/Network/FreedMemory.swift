import CMalloc
import Foundation
import Synchronization

/// Gives memory that is free back to the system once many connections have ended: the allocator keeps what was free between
/// pieces that are in use, for as long as nobody asks it.
enum FreedMemory {
    private static let closed = Atomic(0)
    private static let connectionsUntilThen = 256

    static func noteClosedConnection() {
        let count = closed.wrappingAdd(1, ordering: .relaxed).newValue
        guard count.isMultiple(of: connectionsUntilThen) else { return }
        // A moment later, when the rest of a crowd has gone too; it takes some milliseconds.
        DispatchQueue.global(qos: .background).asyncAfter(deadline: .now() + 2) { malloc_trim(0) }
    }
}
