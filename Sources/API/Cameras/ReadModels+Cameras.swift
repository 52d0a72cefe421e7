import Counting
import EventSourcing
import Postgres
import UseCases

/// Where the columns of one camera stand in a statement about it.
struct CameraColumns {
    /// Whether the camera was removed; null where the read model has no row of it.
    let removed: Int
    /// The camera's version, in statements that are compared with what the reader has seen.
    var version: Int?
}

/// Reads of one camera. A read model follows the log within milliseconds: what the log knows and the read model does not
/// have yet is waited for, as a position is, and never called absent.
extension ReadModels {
    /// The row of a statement about one camera that is there.
    ///
    /// - Parameters:
    ///   - minimum: the position that the row must reflect at least.
    ///   - seen: the tags of what the reader has: an older version is not shown to it.
    ///   - read: reads the row, from read models that reflect the position that it is given at least.
    /// - Throws: `Problem` where there is no such camera, where it was removed, and where the read model does not have it
    ///   in time.
    func row(
        of id: CameraID, _ columns: CameraColumns, atLeast minimum: Int64?, seen: EntityTags? = nil,
        _ read: (_ minimum: Int64?) async throws -> Row
    ) async throws -> Row {
        var row = try await read(minimum)
        if row.isNull(columns.removed) {
            try await waitForRow(of: id, from: try row.position)
            row = try await read(minimum)
            if row.isNull(columns.removed) { throw Self.withoutRow(at: try row.position) }
        }
        if let newest = seen?.newestVersion, let column = columns.version, try newest > row.integer(column) {
            // A tag of another history is no reason to wait.
            if let event = try await log.read(id.stream, after: newest - 1, limit: 1).first {
                row = try await read(max(minimum ?? 0, event.position))
            }
        }
        if try row.bool(columns.removed) { throw Problem(Camera.Rejection.removed) }
        return row
    }

    /// The same for a statement without parts.
    func row(
        of id: CameraID, _ columns: CameraColumns, _ models: [ReadModel], atLeast minimum: Int64?,
        seen: EntityTags? = nil, _ sql: String, _ parameters: [Parameter]
    ) async throws -> Row {
        try await row(of: id, columns, atLeast: minimum, seen: seen) { minimum in
            try await read(models, atLeast: minimum, sql, parameters)
        }
    }

    /// Waits until the read model has the row of a camera that it did not have at a position.
    ///
    /// - Throws: `Problem` where the log has no such camera, which one look finds out, and where the read model does not
    ///   come to it in time.
    func waitForRow(of id: CameraID, from position: Int64) async throws {
        let stream = Statement("select from streams where name = $1", [.text(id.stream.rawValue)])
        guard try await !shared.query(stream).isEmpty,
            let registered = try await log.read(id.stream, after: 0, limit: 1).first?.position
        else { throw Problem(Camera.Rejection.unknown) }
        guard try await wait(for: [.cameraState], toReach: registered, from: position) else {
            throw Self.withoutRow(at: position)
        }
    }

    /// Also where a projection was told to leave out the registration: it never has the row then.
    private static func withoutRow(at position: Int64) -> Problem {
        .passing(
            .readModelBehind, "The log knows this camera and the read model does not have it yet; try again.",
            members: ["position": .integer(position)])
    }
}
