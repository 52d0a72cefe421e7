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
    var hold: Statement {
        Statement("select hold_requests($1, $2)", [.texts(ids), .integers(claims)])
    }

    /// How many parameters `keeping` takes.
    static let parameterCount = 4

    var parameters: [Parameter] { [.texts(ids), .texts(streams), .integers(first), .integers(last)] }

    /// A CTE after one named `answer`, with what append_events answered: notes for each request that had an append
    /// accepted what its appends came to.
    ///
    /// - Parameters:
    ///   - number: of the first of `parameters`.
    ///   - eventCounts: the number of the parameter with how many events each append has.
    static func keeping(from number: Int, eventCounts: Int) -> String {
        """
        noted as (
          update idempotent_requests as request
          set
            stream = noted.stream,
            outcomes = answer.outcomes[noted.first:noted.last],
            first_positions = answer.first_positions[noted.first:noted.last],
            versions = answer.versions[noted.first:noted.last],
            event_counts = ($\(eventCounts)::bigint[])[noted.first:noted.last],
            recorded_at = answer.recorded_at
          from answer
          cross join unnest($\(number)::text[], $\(number + 1)::text[], $\(number + 2)::bigint[], $\(number + 3)::bigint[])
            as noted (id, stream, first, last)
          where request.id = noted.id and 1 = any (answer.outcomes[noted.first:noted.last])
        )
        """
    }
}
