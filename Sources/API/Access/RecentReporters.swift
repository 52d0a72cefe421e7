import Access
import Counting
import Synchronization

/// Remembers for a second which principals may report for which cameras, so that a report costs no query of its own.
///
/// Only that they may is remembered: whoever is given a camera may report at once, and whoever loses it, which takes two
/// reassignments or a move to another location, may for a second more.
final class RecentReporters: Sendable {
    private struct Key: Hashable {
        let camera: Int64
        let scope: Scope
    }

    private struct Seen {
        /// Asked since the turn of generations, and asked before it: with the instant of the query.
        var young: [Key: ContinuousClock.Instant] = [:]
        var old: [Key: ContinuousClock.Instant] = [:]
    }

    private let seen = Mutex(Seen())
    private let now: @Sendable () -> ContinuousClock.Instant

    static let lifetime = Duration.seconds(1)
    private static let generationSize = 5000

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// - Parameter query: asks the read model; throws where the camera is outside the scope.
    func check(_ camera: CameraID, _ scope: Scope, query: () async throws -> Void) async throws {
        let key = Key(camera: camera.number, scope: scope)
        let began = now()
        let isKnown = seen.withLock { seen in
            (seen.young[key] ?? seen.old[key]).map { began < $0 + Self.lifetime } ?? false
        }
        if isKnown { return }
        try await query()
        seen.withLock { seen in
            if seen.young[key] == nil, seen.young.count == Self.generationSize {
                seen.old = seen.young
                seen.young = [:]
            }
            seen.young[key] = began
        }
    }
}
