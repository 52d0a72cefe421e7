import EventSourcing
import Synchronization

/// How many reports, and how many bytes of them, one user may have appended in a minute: what a request may bring differs
/// by a factor of a thousand, so that a limit on requests is none on the log.
///
/// Counted as `RateLimit` counts requests (GCRA), by this process alone: each of several servers guards the log against
/// what comes through it.
final class IntakeLimits: Sendable {
    struct Amounts: Hashable, Sendable {
        var reports: Int64
        var bytes: Int64
    }

    /// A hundred cameras with ten readings a second each.
    static let standard = Amounts(reports: 60_000, bytes: 64 << 20)

    private static let period: Int64 = 60_000_000
    /// Users whose last report is longer ago than a minute are forgotten when there are more than these.
    private static let remembered = 10_000

    /// When nothing of what a user brought would be left over, in microseconds.
    private struct Level {
        var reports: Int64 = 0
        var bytes: Int64 = 0
    }

    private let limits: Amounts
    private let now: @Sendable () -> Timestamp
    private let levels = Mutex<[ExactText: Level]>([:])

    init(_ limits: Amounts = IntakeLimits.standard, now: @escaping @Sendable () -> Timestamp) {
        self.limits = limits
        self.now = now
    }

    /// Takes reports off what a user may bring.
    /// - Throws: `Problem` where there is not so much left.
    func take(_ amounts: Amounts, of user: String) throws(Problem) {
        let now = now().microseconds
        let wait: Int64? = levels.withLock { levels in
            if levels.count > Self.remembered { levels = levels.filter { max($0.value.reports, $0.value.bytes) > now } }
            let level = levels[ExactText(user), default: Level()]
            let reports = max(level.reports, now) + amounts.reports * Self.period / limits.reports
            let bytes = max(level.bytes, now) + amounts.bytes * Self.period / limits.bytes
            let beyond = max(reports, bytes) - now - Self.period
            guard beyond <= 0 else { return beyond }
            levels[ExactText(user)] = Level(reports: reports, bytes: bytes)
            return nil
        }
        guard let wait else { return }
        throw Problem(
            .rateLimited,
            "At most \(limits.reports) reports and \(limits.bytes >> 20) MiB of them a minute are taken of one user.",
            headers: [.retryAfter: String(wait / 1_000_000 + 1)])
    }
}
