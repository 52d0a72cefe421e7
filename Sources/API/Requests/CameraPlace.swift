import Counting
import EventSourcing
import Postgres

/// Finds out whether a camera lies within a principal's scope, as the log has it: the read model says so where it is at
/// the camera's version, else the camera's own events do. So a scope holds from the instant of a registration, an
/// assignment or a move.
struct CameraPlace {
    let readModels: ReadModels

    /// Selects whether the read model is at the camera's version, and whether its row keeps the condition; no row where
    /// the log has no such camera.
    /// - Parameters:
    ///   - condition: on `camera`, a row of `read.camera_state`.
    ///   - parameters: of the condition.
    static func query(
        _ name: String, _ condition: String, _ parameters: [(key: String, value: ValueType)]
    ) -> SQLQuery {
        SQLQuery(
            name,
            """
            select
              camera.version is not distinct from stream.version as is_current,
              coalesce(\(condition), false) as is_within
            from streams as stream
            left join read.camera_state as camera on camera.camera_id = :camera
            where stream.name = :stream
            """, parameters: [("camera", .integer), ("stream", .text)] + parameters,
            columns: ["is_current": .bool, "is_within": .bool])
    }

    /// - Parameters:
    ///   - query: made by `query`, with the values of its condition's parameters.
    ///   - isWithin: decides for a camera as its events have it, told whether its row in the read model keeps the
    ///     condition.
    /// - Throws: `Problem` where the camera is not within: as if it were not there.
    func check(
        _ id: CameraID, _ query: SQLQuery, _ values: [(key: String, value: Parameter)],
        isWithin: (Camera, _ wasWithin: Bool) -> Bool
    ) async throws {
        guard let row = try await row(id, query, values) else { throw Problem(Camera.Rejection.unknown) }
        var isAdmitted = row.isWithin
        if !row.isCurrent {
            let folded = try await readModels.cameras.load(id.stream)
            switch folded.state {
            case .registered(let camera): isAdmitted = isWithin(camera, row.isWithin)
            case .unregistered: isAdmitted = false
            case .removed:
                // Where it was until then, the read model says.
                if let removal = folded.updated { try await readModels.reach(removal.position) }
                isAdmitted = try await self.row(id, query, values)?.isWithin == true
            }
        }
        guard isAdmitted else { throw Problem(Camera.Rejection.unknown) }
    }

    private func row(
        _ id: CameraID, _ query: SQLQuery, _ values: [(key: String, value: Parameter)]
    ) async throws -> (isCurrent: Bool, isWithin: Bool)? {
        let own: [(key: String, value: Parameter)] = [
            ("camera", .integer(id.number)), ("stream", .text(id.stream.rawValue)),
        ]
        guard let row = try await readModels.pool.query(query.statement(own + values)).first else { return nil }
        return (try row.bool("is_current"), try row.bool("is_within"))
    }
}
