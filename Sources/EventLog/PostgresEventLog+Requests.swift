import EventSourcing
import Postgres

extension PostgresEventLog: IdempotentRequests {
    package func claim(
        _ id: String, fingerprint: String, lease: Duration, keeping: Duration
    ) async throws(EventLogError) -> RequestState {
        let number = Int64.random(in: .min ... .max)
        let row = try await ask(
            """
            select state, answer, stream, outcomes, first_positions, versions, recorded_at, event_counts, passed
            from claim_request($1, $2, $3, $4 * interval '1 second', $5 * interval '1 second', $6)
            """,
            [
                .text(id), .text(fingerprint), .integer(number), .double(lease / .seconds(1)),
                .double(keeping / .seconds(1)), elapsed.parameter,
            ])[0]
        do throws(PostgresError) {
            elapsed.note(try row.integer(8))
            switch try row.text(0) {
            case "claimed": return .claimed(RequestClaim(id: id, number: number, done: try Self.done(row)))
            case "mismatched": return .mismatched
            case "answered": return .answered(try row.bytes(1))
            default: return .running
            }
        } catch {
            throw EventLogError(reading: error)
        }
    }

    private static func done(_ row: Row) throws(PostgresError) -> RequestClaim.Done? {
        guard let stream = try row.optionalText(2) else { return nil }
        let counts = try row.integers(7).map { $0 ?? 0 }
        return RequestClaim.Done(
            stream: StreamName(stream), outcomes: try AppendCall.outcomes(row, from: 3, eventCounts: counts))
    }

    package func finish(_ claim: RequestClaim, answer: [UInt8]) async throws(EventLogError) {
        try await ask(
            "update idempotent_requests set answer = $3 where id = $1 and claim = $2",
            [.text(claim.id), .integer(claim.number), .bytea(answer)])
    }

    package func release(_ claim: RequestClaim) async throws(EventLogError) {
        // An append that is under way is waited for, and keeps the row.
        try await ask(
            "delete from idempotent_requests where id = $1 and claim = $2 and outcomes is null and answer is null",
            [.text(claim.id), .integer(claim.number)])
        try await ask(
            "update idempotent_requests set leased_until = '-infinity' where id = $1 and claim = $2",
            [.text(claim.id), .integer(claim.number)])
    }

    package func clear(olderThan age: Duration, limit: Int) async throws(EventLogError) -> Int {
        let row = try await ask("select pass_time($1)", [elapsed.parameter])[0]
        let passed: Int64
        do throws(PostgresError) { passed = try row.integer(0) } catch { throw EventLogError(reading: error) }
        elapsed.note(passed)
        return try await ask(
            """
            with old as (
              select id
              from idempotent_requests
              where created_at <= clock_timestamp() - $1 * interval '1 second'
                and created_after <= $3 - $1 * 1000000
              order by created_at
              limit $2
              for update skip locked
            )
            delete from idempotent_requests using old where idempotent_requests.id = old.id returning 1
            """, [.double(age / .seconds(1)), .integer(limit), .integer(passed)]
        ).count
    }

    /// What broke off is not known to have been done; each of these may simply be done again.
    @discardableResult
    private func ask(_ sql: String, _ parameters: [Parameter]) async throws(EventLogError) -> Rows {
        do { return try await readers.query(sql, parameters) } catch { throw EventLogError(reading: error) }
    }
}
