import Counting
import EventSourcing
import Postgres

/// Finds out whether a camera lies within a principal's scope, as the log has it: the read model says so where it is at
/// the camera's version, else the camera's own events do. So a scope holds from the instant of a registration, an
/// assignment or a move.
struct CameraPlace {
    let readModels: ReadModels

    /// How many parameters the statement takes itself, before those of its condition.
    static let parameterCount = 2

    /// Selects whether the read model is at the camera's version, and whether its row keeps the condition; no row where
    /// the log has no such camera.
    /// - Parameter condition: on `camera`, a row of `read.camera_state`.
    static func sql(_ condition: String) -> String {
        """
        select camera.version is not distinct from stream.version, coalesce(\(condition), false)
        from streams as stream
        left join read.camera_state as camera on camera.camera_id = $1
        where stream.name = $2
        """
    }

    /// - Parameters:
    ///   - sql: of `sql`, with its condition's parameters.
    ///   - isWithin: decides for a camera as its events have it, told whether its row in the read model keeps the
    ///     condition.
    /// - Throws: `Problem` where the camera is not within: as if it were not there.
    func check(
        _ id: CameraID, _ sql: String, _ parameters: [Parameter], isWithin: (Camera, _ wasWithin: Bool) -> Bool
    ) async throws {
        guard let row = try await row(id, sql, parameters) else { throw Problem(Camera.Rejection.unknown) }
        var isAdmitted = row.isWithin
        if !row.isCurrent {
            let folded = try await readModels.cameras.load(id.stream)
            switch folded.state {
            case .registered(let camera): isAdmitted = isWithin(camera, row.isWithin)
            case .unregistered: isAdmitted = false
            case .removed:
                // Where it was until then, the read model says.
                if let removal = folded.updated { try await readModels.reach(removal.position) }
                isAdmitted = try await self.row(id, sql, parameters)?.isWithin == true
            }
        }
        guard isAdmitted else { throw Problem(Camera.Rejection.unknown) }
    }

    private func row(
        _ id: CameraID, _ sql: String, _ parameters: [Parameter]
    ) async throws -> (isCurrent: Bool, isWithin: Bool)? {
        let own: [Parameter] = [.integer(id.number), .text(id.stream.rawValue)]
        guard let row = try await readModels.pool.query(sql, own + parameters).first else { return nil }
        return (try row.bool(0), try row.bool(1))
    }
}
