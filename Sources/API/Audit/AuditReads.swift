import Counting
import EventSourcing
import Hummingbird
import Postgres

/// The trail of everything that happened, as the log has it.
struct AuditReads: Sendable {
    let readModels: ReadModels

    private static let event = """
        select
          position, stream, version, type, schema_version, data, actor, source, sequence, severity, correlation_id,
          causation_id, \(ReadModels.rfc3339("recorded_at")) as recorded_at
        """

    /// Selects the head of the log, the page's last position, its number of rows and its rows as one JSON array.
    ///
    /// Times are turned into positions first (position_at), since events are found by position.
    private static let trailSQL = """
        with page as (
          select *
          from read.audit
          where position > greatest($1, case when $2::timestamptz is null then 0
                                             else position_at($2 - interval '1 microsecond') end)
            and ($3::timestamptz is null or position <= position_at($3 - interval '1 microsecond'))
            and ($4::bigint is null or stream in ('camera-' || $4, 'telemetry-' || $4))
            and ($5::text is null or type = $5)
            and ($6::text is null or actor = $6)
          order by position
          limit $7
        )
        select
          (select position from log_head),
          (select max(position) from page),
          (select count(*) from page),
          \(ReadModels.array(event, from: "page", orderedBy: "position"))
        """

    @Sendable func trail(_ request: Request, _ context: APIContext) async throws -> Response {
        let (parameters, after, limit) = try Query.read(request) { query in
            let camera = query.optional("camera_id", QueryRule.integer(in: 1...Int64.max))
            let type = query.optional("type", QueryRule.text)
            let actor = query.optional("actor", QueryRule.text)
            let from = query.optional("from", QueryRule.instant)
            let to = query.optional("to", QueryRule.instant)
            let after = query.value("after_position", default: 0, QueryRule.integer(in: 0...Int64.max))
            let limit = query.value("limit", default: 100, QueryRule.integer(in: 1...1000))
            return query.make(at: "limit") { () throws -> ([Parameter], Int64, Int64) in
                let parameters: [Parameter] = [
                    .integer(try after.get()), .timestamp(try from.get()?.microseconds),
                    .timestamp(try to.get()?.microseconds), .integer(try camera.get()), .text(try type.get()),
                    .text(try actor.get()), .integer(try limit.get()),
                ]
                return (parameters, try after.get(), try limit.get())
            }
        }
        guard let row = try await readModels.pool.query(Self.trailSQL, parameters).first else {
            throw Problem.internalError
        }
        // A page that is not full has seen all there is, whatever the filters left out.
        let isFull = try row.integer(2) == limit
        let next = isFull ? try row.integer(1) : max(after, try row.position)
        var body = Array(#"{"items":"#.utf8)
        body += try row.bytes(3)
        body += #","next_after_position":\#(next)}"#.utf8
        return .json(body, position: try row.position)
    }
}
