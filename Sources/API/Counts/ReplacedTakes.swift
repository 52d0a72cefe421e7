import Counting
import Postgres

/// The takes of recordings that another one had replaced by some position: what they counted does not count.
///
/// Of those in the archive the read model knows; where it has none yet, there was none before.
struct ReplacedTakes: Sendable {
    /// Two arrays, cameras and takes: values of a query's parameters.
    let values: [(key: String, value: Parameter)]

    init(upTo position: Int64, in pool: Pool) async throws {
        let isKept =
            try await pool.query("select to_regclass('read.recording_takes') is not null").first?.bool(0) ?? false
        let kept = isKept ? "union select camera_id, take from read.recording_takes where replaced_at <= :position" : ""
        let query = SQLQuery(
            "replaced_takes",
            """
            select (data ->> 'camera_id')::bigint as camera_id, (data ->> 'replaces')::bigint as take
            from events
            where type = '\(Camera.takeBeganType)' and position + 0 <= :position and data ->> 'replaces' is not null
            \(kept)
            """, parameters: ["position": .integer], columns: ["camera_id": .integer, "take": .integer])
        let rows = try await pool.query(query.statement(["position": .integer(position)]))
        var (cameras, takes) = (ArrayParameter(.integer), ArrayParameter(.integer))
        for row in rows {
            cameras.append(try row.integer("camera_id"))
            takes.append(try row.integer("take"))
        }
        values = [("replaced_cameras", cameras.parameter), ("replaced_takes", takes.parameter)]
    }
}
