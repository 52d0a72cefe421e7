import Access
import Counting
import Postgres

/// Which cameras a total is made of: of those that the principal may know of, the ones asked for.
///
/// A removed camera is among them: what it counted happened. One that does not exist, or that is outside the scope,
/// adds nothing. A location chooses by where the cameras hung then (`PlaceHistory`).
struct FleetFilter {
    static let maximumCameras = 100
    static let parameterCount = ScopeCondition.parameterCount + 2

    let parameters: [Parameter]

    init(scope: Scope, cameraIDs: [Int64]?, location: String?) {
        parameters =
            ScopeCondition(scope).parameters
            + [cameraIDs.map { .integers($0) } ?? .noIntegers, .text(location)]
    }

    /// The condition on a table or alias with the columns of `read.camera_state`; the location is not part of it.
    /// - Parameter number: of the first of its parameters in the statement, `$4` for instance.
    static func sql(_ table: String, from number: Int) -> String {
        let own = number + ScopeCondition.parameterCount
        return """
            \(ScopeCondition.sql(table, from: number))
            and ($\(own)::bigint[] is null or \(table).camera_id = any ($\(own)))
            and ($\(own + 1)::text is null or true)
            """
    }

    /// The location's parameter, where the first of all is this one.
    static func location(from number: Int) -> String { "$\(number + ScopeCondition.parameterCount + 1)" }
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
