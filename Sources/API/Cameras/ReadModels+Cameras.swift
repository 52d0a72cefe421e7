import Counting
import EventSourcing
import Postgres
import UseCases

/// Reads of one camera. A read model follows the log within milliseconds: what the log knows and the read model does not
/// have yet is waited for, as a position is, and never called absent.
extension ReadModels {
    /// The row of a statement about one camera that is there: with the column `removed`, null where the read model has no
    /// row of the camera, and where `seen` is given `version`.
    ///
    /// - Parameters:
    ///   - minimum: the position that the row must reflect at least.
    ///   - seen: the tags of what the reader has: an older version is not shown to it.
    ///   - read: reads the row, from read models that reflect the position that it is given at least.
    /// - Throws: `Problem` where there is no such camera, where it was removed, and where the read model does not have it
    ///   in time.
    func row(
        of id: CameraID, atLeast minimum: Int64?, seen: EntityTags? = nil,
        _ read: (_ minimum: Int64?) async throws -> Row
    ) async throws -> Row {
        var row = try await read(minimum)
        if try row.isNull("removed") {
            try await waitForRow(of: id, from: try row.position)
            row = try await read(minimum)
            if try row.isNull("removed") { throw Self.withoutRow(at: try row.position) }
        }
        if let newest = seen?.newestVersion, try newest > row.integer("version") {
            // A tag of another history is no reason to wait.
            if let event = try await log.read(id.stream, after: newest - 1, limit: 1).first {
                row = try await read(max(minimum ?? 0, event.position))
            }
        }
        if try row.bool("removed") { throw Problem(Camera.Rejection.removed) }
        return row
    }

    /// The same for a statement without parts.
    func row(
        of id: CameraID, _ models: [ReadModel], atLeast minimum: Int64?, seen: EntityTags? = nil, _ query: SQLQuery,
        _ values: KeyValuePairs<String, Parameter>
    ) async throws -> Row {
        try await row(of: id, atLeast: minimum, seen: seen) { minimum in
            try await read(models, atLeast: minimum, query, values)
        }
    }

    /// Waits until the read model has the row of a camera that it did not have at a position.
    ///
    /// - Throws: `Problem` where the log has no such camera, which one look finds out, and where the read model does not
    ///   come to it in time.
    func waitForRow(of id: CameraID, from position: Int64) async throws {
        let stream = Self.stream.statement(["stream": .text(id.stream.rawValue)])
        guard try await !shared.query(stream).isEmpty,
            let registered = try await log.read(id.stream, after: 0, limit: 1).first?.position
        else { throw Problem(Camera.Rejection.unknown) }
        guard try await wait(for: [.cameraState], toReach: registered, from: position) else {
            throw Self.withoutRow(at: position)
        }
    }

    static let stream = SQLQuery(
        "is_stream_there", "select from streams where name = :stream", parameters: ["stream": .text])

    /// Also where a projection was told to leave out the registration: it never has the row then.
    private static func withoutRow(at position: Int64) -> Problem {
        .passing(
            .readModelBehind, "The log knows this camera and the read model does not have it yet; retry.",
            members: ["position": .integer(position)])
    }
}
