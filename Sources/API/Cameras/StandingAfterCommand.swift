import Counting
import EventSourcing
import Postgres
import UseCases

/// What a camera's status is right after a command: what a read that reflects the command shows, heartbeats and silence
/// with it, which the camera's own events say nothing of.
struct StandingAfterCommand: Sendable {
    let readModels: ReadModels

    /// How long the answer to a command, which is done, waits for the read model.
    private static let timeout = Duration.milliseconds(500)

    static let query = SQLQuery(
        "standing_of_camera",
        """
        select
          \(ReadModels.position(of: .cameraState)) as position,
          \(CameraStanding.status) as status, coalesce(is_silent(silent_since), false) as is_silent
        from \(CameraStanding.cameras) as cameras
        where camera_id = :camera and not removed
        """, parameters: ["camera": .integer],
        columns: ["position": .integer, "status": .text, "is_silent": .bool])

    /// - Parameter isWord: whether it is a command that says what the status is from then on.
    /// - Returns: by the camera's own events alone where the read model does not tell in time.
    func status(
        of camera: Camera, after handled: Handled<Camera.State>, isWord: Bool
    ) async -> CameraStatus {
        guard camera.isHeard else { return camera.status }
        let wasSaid = isWord && handled.position != nil
        if wasSaid, camera.status != .online || camera.desiredState != .running { return camera.status }
        // The command is done, whatever becomes of this look.
        guard let seen = try? await seen(camera.id, after: handled) else { return camera.status }
        if wasSaid { return seen.isSilent ? .offline : camera.status }
        return seen.status
    }

    private struct Seen {
        let status: CameraStatus
        let isSilent: Bool
    }

    /// What the read model has once it reflects the command; nil where it does not come to it in time.
    private func seen(_ id: CameraID, after handled: Handled<Camera.State>) async throws -> Seen? {
        guard let position = handled.position ?? handled.folded.updated?.position else { return nil }
        if let seen = try await seen(id, atLeast: position) { return seen }
        guard
            await readModels.checkpoints.wait(
                for: [ReadModel.cameraState.rawValue], toReach: position, timeout: Self.timeout)
        else { return nil }
        return try await seen(id, atLeast: position)
    }

    private func seen(_ id: CameraID, atLeast position: Int64) async throws -> Seen? {
        guard let row = try await readModels.pool.query(Self.query, ["camera": .integer(id.number)]).first,
            let reached = try row.optionalInteger("position"), reached >= position,
            let status = CameraStatus(rawValue: try row.text("status"))
        else { return nil }
        return Seen(status: status, isSilent: try row.bool("is_silent"))
    }
}
