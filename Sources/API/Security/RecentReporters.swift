import Access
import Counting
import Postgres
import Synchronization

/// Remembers for a second which cameras a principal may report for, so that a report costs no query of its own: one a
/// second looks up all cameras of a worker.
///
/// Only that they may is remembered: a worker that is given a camera may report at once, and one that loses it, which
/// takes two reassignments or a move to another location, may for a second more.
final class RecentReporters: Sendable {
    private struct Known {
        let cameras: Set<Int64>
        /// When they were asked for.
        let since: ContinuousClock.Instant
    }

    static let lifetime = Duration.seconds(1)
    /// Of one scope; others are asked about one by one.
    static let maximumCameras = 5000
    private static let maximumScopes = 1000

    private let known = Mutex<[Scope: Known]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    static let camerasInScope = SQLQuery(
        "cameras_in_scope",
        """
        select array(
          select camera_id
          from read.camera_state as camera
          where \(ScopeCondition.sql("camera")) and not removed
          limit \(maximumCameras)
        ) as cameras
        """, parameters: ScopeCondition.parameters, columns: ["cameras": .integers])

    /// - Throws: `Problem` where the camera is outside the scope.
    func check(_ camera: CameraID, _ scope: Scope, in readModels: ReadModels) async throws {
        let began = now()
        var cameras = known.withLock { $0[scope] }.flatMap { began < $0.since + Self.lifetime ? $0.cameras : nil }
        if cameras?.contains(camera.number) == true { return }
        let condition = ScopeCondition(scope)
        if cameras == nil, condition.asksTheDatabase {
            let row = try await readModels.shared.query(Self.camerasInScope.statement(condition.values)).first
            let found = Set(try row?.integers("cameras").compactMap(\.self) ?? [])
            remember(found, of: scope, since: began)
            cameras = found
        }
        if cameras?.contains(camera.number) != true { try await condition.check(camera, in: readModels) }
    }

    private func remember(_ cameras: Set<Int64>, of scope: Scope, since: ContinuousClock.Instant) {
        known.withLock { known in
            if known[scope] == nil, known.count >= Self.maximumScopes {
                known = known.filter { since < $0.value.since + Self.lifetime }
                if known.count >= Self.maximumScopes { known = [:] }
            }
            known[scope] = Known(cameras: cameras, since: since)
        }
    }
}
