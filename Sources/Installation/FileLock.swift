import Foundation

/// A lock on a file, held until the process gives it up or ends (`flock(2)`).
package final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock, or returns nil where another process holds one that stands against it.
    package init?(_ path: String, exclusive: Bool) {
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    /// Takes the lock alone once nobody else has it, or returns nil where the file cannot be opened. Blocks the thread.
    package init?(waitingFor path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                close(descriptor)
                return nil
            }
        }
    }

    /// Turns a shared lock into an exclusive one; false where others share it.
    package func becomeExclusive() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    deinit { close(descriptor) }
}
