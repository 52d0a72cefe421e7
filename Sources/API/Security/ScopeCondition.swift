import Access
import Counting
import EventSourcing
import Postgres

/// Which cameras a scope holds, in SQL and in Swift: what every list, total, read and command goes by.
///
/// Closed by default: SQL that is given no scope, or one that it does not know, holds no camera.
struct ScopeCondition {
    /// The parameters of a query that `sql` or `conditions` is part of.
    static let parameters: [(key: String, value: ValueType)] = [
        ("scope_kind", .text), ("scope_cameras", .integers), ("scope_location", .text), ("scope_worker", .text),
    ]

    /// The values of `parameters`.
    let values: [(key: String, value: Parameter)]
    private let scope: Scope

    init(_ scope: Scope) {
        self.scope = scope
        var (cameras, location, worker): ([Int64]?, String?, String?)
        switch scope {
        case .all: break
        case .cameras(let ids): cameras = ids.sorted()
        case .location(let text): location = text
        case .assigned(let id): worker = id
        }
        values = [
            ("scope_kind", .text(Self.kind(of: scope))),
            ("scope_cameras", cameras.map { .integers($0) } ?? .noIntegers), ("scope_location", .text(location)),
            ("scope_worker", .text(worker)),
        ]
    }

    static func kind(of scope: Scope) -> String {
        switch scope {
        case .all: "all"
        case .cameras: "cameras"
        case .location: "location"
        case .assigned: "worker"
        }
    }

    /// The condition on a table or alias with the columns of `read.camera_state`, for statements that are prepared for
    /// every scope.
    static func sql(_ table: String) -> String {
        """
        coalesce(
          case :scope_kind::text
            when 'all' then true
            when 'cameras' then \(table).camera_id = any (:scope_cameras::bigint[])
            when 'location' then \(table).location = :scope_location::text
            when 'worker' then :scope_worker::text in (\(table).worker_id, \(table).previous_worker_id)
          end, false)
        """
    }

    /// The same on `camera`, a row of `read.camera_state`, of what this scope alone is limited by, so that an index can be
    /// used. Conditions that hold together; none for all cameras.
    static func conditions(_ scope: Scope) -> [String] {
        switch scope {
        case .all: []
        case .cameras: ["camera.camera_id = any (:scope_cameras)"]
        case .location: ["camera.location = :scope_location"]
        case .assigned: ["(camera.worker_id = :scope_worker or camera.previous_worker_id = :scope_worker)"]
        }
    }

    /// Whether a camera at this location, or at none, lies in the scope as far as its location decides that. The cameras
    /// of a scope by ids were named before: a new one is not among them.
    static func admits(_ location: String?, to scope: Scope, isNew: Bool) -> Bool {
        switch scope {
        case .all: true
        case .location(let text): location?.isExactly(text) ?? false
        case .cameras, .assigned: !isNew
        }
    }

    /// - Throws: `Problem` where a camera of that description would come to lie outside the scope.
    static func checkPlace(of location: Location?, for principal: Principal, isNew: Bool) throws(Problem) {
        guard admits(location?.text, to: principal.scope, isNew: isNew) else {
            if case .location(let text) = principal.scope {
                throw .forbidden("The token is for cameras at the location \(text) only, and they stay there.")
            }
            throw .forbidden("The token is for certain cameras only, and registers no others.")
        }
    }

    private static let checking = CameraPlace.query("is_camera_in_scope", sql("camera"), parameters)

    private static let assigned = CameraPlace.query(
        "is_camera_assigned", "camera.worker_id = :worker", [("worker", .text)])

    static let queries = [checking, assigned]

    /// - Throws: `Problem` where the camera is not assigned to the worker now: as if it were not there.
    func check(_ id: CameraID, assignedTo worker: String, in readModels: ReadModels) async throws {
        try await CameraPlace(readModels: readModels).check(id, Self.assigned, [("worker", .text(worker))]) {
            camera, _ in
            camera.workerID?.text == worker
        }
    }

    /// Whether `check` runs a query.
    var asksTheDatabase: Bool {
        switch scope {
        case .all, .cameras: false
        case .location, .assigned: true
        }
    }

    /// - Throws: `Problem` where the camera is outside the scope: as if it were not there.
    func check(_ id: CameraID, in readModels: ReadModels) async throws {
        switch scope {
        case .all: return
        case .cameras(let ids) where ids.contains(id.number): return
        case .cameras: throw Problem(Camera.Rejection.unknown)
        case .location, .assigned:
            try await CameraPlace(readModels: readModels).check(id, Self.checking, values) { camera, wasWithin in
                switch scope {
                case .location(let text): camera.description.location?.text.utf8.elementsEqual(text.utf8) == true
                // Who had it last reports what was counted until then.
                case .assigned(let worker): wasWithin || camera.workerID?.text == worker
                case .all, .cameras: true
                }
            }
        }
    }
}
