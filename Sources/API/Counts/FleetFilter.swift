import Access
import Counting
import Postgres

/// Which cameras a total is made of: of those that the principal may know of, the ones asked for.
///
/// A removed camera is among them: what it counted happened. One that does not exist, or that is outside the scope,
/// adds nothing. A location chooses by where the cameras hung then (`PlaceHistory`).
struct FleetFilter {
    static let maximumCameras = 100

    /// The parameters of a query that `sql` and `location` are parts of.
    static let parameters: [(key: String, value: ValueType)] =
        ScopeCondition.parameters + [("fleet_cameras", .integers), ("fleet_location", .text)]

    /// The values of `parameters`.
    let values: [(key: String, value: Parameter)]

    init(scope: Scope, cameraIDs: [Int64]?, location: String?) {
        values =
            ScopeCondition(scope).values
            + [
                ("fleet_cameras", cameraIDs.map { .integers($0) } ?? .noIntegers),
                ("fleet_location", .text(location)),
            ]
    }

    /// The condition on a table or alias with the columns of `read.camera_state`; the location is not part of it.
    static func sql(_ table: String) -> String {
        """
        \(ScopeCondition.sql(table))
        and (:fleet_cameras::bigint[] is null or \(table).camera_id = any (:fleet_cameras))
        """
    }

    /// The location's parameter.
    static let location = ":fleet_location"
}

extension Query {
    /// `camera_id`, a list of ids with commas between them, and `location`, a whole one.
    func fleet(scope: Scope) -> Field<FleetFilter> {
        let cameras = optional("camera_id") { (text: String) throws(InvalidValue) -> [Int64] in
            let parts = text.parts(between: ",")
            let ids = parts.compactMap { part in Int64(part).flatMap { $0 > 0 && String($0) == part ? $0 : nil } }
            guard ids.count == parts.count, ids.count <= FleetFilter.maximumCameras else {
                throw InvalidValue(
                    .malformed, "These are 1 to \(FleetFilter.maximumCameras) cameras' ids with commas between them.")
            }
            return ids
        }
        let location = optional("location", QueryRule.text)
        return make(at: "camera_id") {
            FleetFilter(scope: scope, cameraIDs: try cameras.get(), location: try location.get())
        }
    }
}
