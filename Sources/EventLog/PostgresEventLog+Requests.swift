import EventSourcing
import Postgres

extension PostgresEventLog: IdempotentRequests {
    package func claim(
        _ id: String, fingerprint: String, lease: Duration, keeping: Duration
    ) async throws(EventLogError) -> RequestState {
        let number = Int64.random(in: .min ... .max)
        let row = try await ask(
            Self.claiming,
            [
                ("id", .text(id)), ("fingerprint", .text(fingerprint)), ("claim", .integer(number)),
                ("lease", .double(lease / .seconds(1))), ("keeping", .double(keeping / .seconds(1))),
                ("passed", elapsed.parameter),
            ])[0]
        do throws(PostgresError) {
            elapsed.note(try row.integer("passed"))
            switch try row.text("state") {
            case "claimed": return .claimed(RequestClaim(id: id, number: number, done: try Self.done(row)))
            case "mismatched": return .mismatched
            case "answered": return .answered(try row.bytes("answer"))
            default: return .running
            }
        } catch {
            throw EventLogError(reading: error)
        }
    }

    private static let claiming = SQLQuery(
        "claim_request",
        """
        select
          state, answer, stream, outcomes::text[] as outcomes, first_positions, versions, recorded_at, event_counts,
          passed
        from claim_request(
          p_id => :id, p_fingerprint => :fingerprint, p_claim => :claim, p_lease => :lease * interval '1 second',
          p_keeping => :keeping * interval '1 second', p_passed => :passed
        )
        """,
        parameters: [
            "id": .text, "fingerprint": .text, "claim": .integer, "lease": .double, "keeping": .double,
            "passed": .integer,
        ],
        columns: [
            "state": .text, "answer": .bytes, "stream": .text, "outcomes": .texts, "first_positions": .integers,
            "versions": .integers, "recorded_at": .timestamp, "event_counts": .integers, "passed": .integer,
        ])

    private static func done(_ row: Row) throws(PostgresError) -> RequestClaim.Done? {
        guard let stream = try row.optionalText("stream") else { return nil }
        let counts = try row.integers("event_counts").map { $0 ?? 0 }
        return RequestClaim.Done(
            stream: StreamName(stream), outcomes: try AppendCall.outcomes(row, eventCounts: counts))
    }

    package func finish(_ claim: RequestClaim, answer: [UInt8]) async throws(EventLogError) {
        try await ask(Self.finishing, Self.values(claim) + [("answer", .bytea(answer))])
    }

    private static let finishing = SQLQuery(
        "finish_request", "update idempotent_requests set answer = :answer where id = :id and claim = :claim",
        parameters: ["id": .text, "claim": .integer, "answer": .bytea])

    package func release(_ claim: RequestClaim) async throws(EventLogError) {
        // An append that is under way is waited for, and keeps the row.
        try await ask(Self.forgetting, Self.values(claim))
        try await ask(Self.releasing, Self.values(claim))
    }

    private static let forgetting = SQLQuery(
        "forget_request",
        """
        delete from idempotent_requests where id = :id and claim = :claim and outcomes is null and answer is null
        """, parameters: ["id": .text, "claim": .integer])

    private static let releasing = SQLQuery(
        "release_request",
        "update idempotent_requests set leased_until = '-infinity' where id = :id and claim = :claim",
        parameters: ["id": .text, "claim": .integer])

    private static func values(_ claim: RequestClaim) -> [(key: String, value: Parameter)] {
        [("id", .text(claim.id)), ("claim", .integer(claim.number))]
    }

    package func clear(olderThan age: Duration, limit: Int) async throws(EventLogError) -> Int {
        let row = try await ask(Self.passing, [("passed", elapsed.parameter)])[0]
        let passed: Int64
        do throws(PostgresError) { passed = try row.integer("passed") } catch { throw EventLogError(reading: error) }
        elapsed.note(passed)
        return try await ask(
            Self.clearing,
            [("age", .double(age / .seconds(1))), ("passed", .integer(passed)), ("limit", .integer(limit))]
        ).count
    }

    private static let passing = SQLQuery(
        "pass_time", "select pass_time(:passed) as passed", parameters: ["passed": .integer],
        columns: ["passed": .integer])

    private static let clearing = SQLQuery(
        "clear_requests",
        """
        with old as (
          select id
          from idempotent_requests
          where created_at <= clock_timestamp() - :age * interval '1 second'
            and created_after <= :passed - :age * 1000000
          order by created_at
          limit :limit
          for update skip locked
        )
        delete from idempotent_requests using old where idempotent_requests.id = old.id
        returning idempotent_requests.id
        """, parameters: ["age": .double, "passed": .integer, "limit": .integer], columns: ["id": .text])

    static let requestQueries = [claiming, finishing, forgetting, releasing, passing, clearing]

    /// What broke off is not known to have been done; each of these may simply be done again.
    @discardableResult
    private func ask(
        _ query: SQLQuery, _ values: [(key: String, value: Parameter)]
    ) async throws(EventLogError) -> Rows {
        do { return try await readers.query(query.statement(values)) } catch { throw EventLogError(reading: error) }
    }
}
