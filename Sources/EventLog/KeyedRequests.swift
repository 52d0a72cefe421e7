import EventSourcing
import Postgres

/// The requests, made under keys, to which appends of a batch belong, as arrays.
struct KeyedRequests {
    private var ids: [String] = []
    private var claims: [Int64] = []
    private var streams: [String] = []
    /// The numbers of each request's first and last append, from 1.
    private var first: [Int64] = []
    private var last: [Int64] = []

    /// nil where no append belongs to one.
    init?(_ appends: [Append]) {
        var current: RequestClaim?
        for (index, append) in appends.enumerated() {
            let number = Int64(index + 1)
            let request = append.metadata.request
            if let request, request == current {
                last[last.count - 1] = number
            } else if let request {
                ids.append(request.id)
                claims.append(request.number)
                streams.append(append.stream.rawValue)
                first.append(number)
                last.append(number)
            }
            current = request
        }
        if ids.isEmpty { return nil }
    }

    /// Two requests of one id in a batch cannot both hold their claim: then the transaction is refused as a whole, and
    /// each is tried by itself.
    var hold: Statement { Self.holding.statement(["ids": .texts(ids), "claims": .integers(claims)]) }

    static let holding = SQLQuery(
        "hold_requests", "select hold_requests(:ids, :claims)", parameters: ["ids": .texts, "claims": .integers])

    /// The parameters of `noted`.
    static let parameters: [(key: String, value: ValueType)] = [
        ("request_ids", .texts), ("request_streams", .texts), ("request_first", .integers), ("request_last", .integers),
    ]

    /// The values of `parameters`, in their order.
    var values: [(key: String, value: Parameter)] {
        [
            ("request_ids", .texts(ids)), ("request_streams", .texts(streams)), ("request_first", .integers(first)),
            ("request_last", .integers(last)),
        ]
    }

    /// A CTE after one named `answer`, with what `append_events` answered: notes for each request that had an append
    /// accepted what its appends came to. It takes `parameters` and, from the batch, `event_counts`.
    static let noted = """
        noted as (
          update idempotent_requests as request
          set
            stream = noted.stream,
            outcomes = answer.outcomes[noted.first:noted.last],
            first_positions = answer.first_positions[noted.first:noted.last],
            versions = answer.versions[noted.first:noted.last],
            event_counts = (:event_counts::bigint[])[noted.first:noted.last],
            recorded_at = answer.recorded_at
          from answer
          cross join unnest(
            :request_ids::text[], :request_streams::text[], :request_first::bigint[], :request_last::bigint[]
          ) as noted (id, stream, first, last)
          where request.id = noted.id and 'appended' = any (answer.outcomes[noted.first:noted.last])
        )
        """
}
