import Postgres
import Synchronization

/// How much time has passed for the processes on a database, as far as this one knows: see
/// Migrations/0002_requests.sql.
/// Goes by the monotonic clock, which nobody sets.
final class ElapsedTime: Sendable {
    fileprivate struct Look {
        /// What had passed, in microseconds, and when that was found out.
        let passed: Int64
        let at: ContinuousClock.Instant
    }

    private let last = Mutex<Look?>(nil)

    /// Microseconds; null before the database was asked.
    var parameter: Parameter { .integer(last.withLock { $0?.now }) }

    /// Takes in what the database answered.
    func note(_ passed: Int64) {
        last.withLock { last in
            if passed > last?.now ?? .min { last = Look(passed: passed, at: .now) }
        }
    }
}

extension ElapsedTime.Look {
    fileprivate var now: Int64 { passed + Int64(at.duration(to: .now) / .microseconds(1)) }
}
