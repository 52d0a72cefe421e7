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
            try await pool.query("select to_regclass('read.recording_takes') is not null as is_kept").first?.bool(
                "is_kept") ?? false
        let rows = try await pool.query(Self.query(isKept: isKept), ["position": .integer(position)])
        var (cameras, takes) = (ArrayParameter(.integer), ArrayParameter(.integer))
        for row in rows {
            cameras.append(try row.integer("camera_id"))
            takes.append(try row.integer("take"))
        }
        values = [("replaced_cameras", cameras.parameter), ("replaced_takes", takes.parameter)]
    }

    /// - Parameter isKept: whether there is a read model of takes.
    static func query(isKept: Bool) -> SQLQuery {
        let kept = "union select camera_id, take from read.recording_takes where replaced_at <= :position"
        return SQLQuery(
            "replaced_takes\(isKept ? "" : "_of_log")",
            """
            select (data ->> 'camera_id')::bigint as camera_id, (data ->> 'replaces')::bigint as take
            from events
            where type = '\(Camera.takeBeganType)' and position + 0 <= :position and data ->> 'replaces' is not null
            \(isKept ? kept : "")
            """, parameters: ["position": .integer], columns: ["camera_id": .integer, "take": .integer])
    }
}
