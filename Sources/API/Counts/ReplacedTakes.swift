import Counting
import Postgres

/// The takes of recordings that another one had replaced by some position: what they counted does not count.
///
/// Of those in the archive the read model knows; where it has none yet, there was none before.
struct ReplacedTakes: Sendable {
    /// Two arrays, cameras and takes.
    let parameters: [Parameter]

    init(upTo position: Int64, in pool: Pool) async throws {
        let isKept =
            try await pool.query("select to_regclass('read.recording_takes') is not null").first?.bool(0) ?? false
        let kept = isKept ? "union select camera_id, take from read.recording_takes where replaced_at <= $1" : ""
        let rows = try await pool.query(
            """
            select (data ->> 'camera_id')::bigint as camera_id, (data ->> 'replaces')::bigint as take
            from events
            where type = '\(Camera.takeBeganType)' and position + 0 <= $1 and data ->> 'replaces' is not null
            \(kept)
            """, [.integer(position)])
        var (cameras, takes) = (ArrayParameter(.integer), ArrayParameter(.integer))
        for row in rows {
            cameras.append(try row.integer(0))
            takes.append(try row.integer(1))
        }
        parameters = [cameras.parameter, takes.parameter]
    }
}
