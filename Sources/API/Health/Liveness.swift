import Synchronization

/// Whether the process is of any use: it is not where something that it cannot do without, and that nobody else would
/// mend, has failed for good.
package final class Liveness: Sendable {
    private let state = Mutex<String?>(nil)

    package init() {}

    /// Why the process is of no use; nil while it is.
    package var fault: String? { state.withLock(\.self) }

    package func set(fault: String?) { state.withLock { $0 = fault } }
}
