import Counting
import EventSourcing
import TestSupport
import Testing

@testable import Projector

/// The rows of read models of random histories, to be held against plain folds of the same events by the domain.
enum Meaning {
    /// The rows of a build of a random history, filled in small steps, as JSON objects, and the history's events.
    /// - Parameters:
    ///   - seed: of the history, or the first that is tried.
    ///   - isWanted: what the history must hold.
    static func withRows(
        of name: String, in projection: String? = nil, seed: UInt64,
        holding isWanted: @Sendable (Append) -> Bool = { _ in true },
        _ body: @Sendable ([JSONObject], [RecordedEvent]) throws -> Void
    ) async throws {
        try await Harness.with { harness in
            try await harness.append(RandomHistory.appends(400, seed: seed, holding: isWanted))
            let rows = try await objects(harness, of: name, in: projection)
            try body(rows, await harness.log.read(after: 0, limit: 10_000))
        }
    }

    static func objects(_ harness: Harness, of name: String, in projection: String? = nil) async throws -> [JSONObject]
    {
        // Each row is written as its table and a JSON object.
        try await harness.rows(of: Harness.definition(projection ?? name), steps: [7]).filter {
            $0.hasPrefix("\(name) ")
        }.map {
            try #require(JSON.parse(Array($0.drop { $0 != "{" }.utf8)).object)
        }
    }

    static func instant(_ json: JSON?) -> Timestamp? { json?.string.flatMap(Timestamp.init(rfc3339:)) }

    /// Whether the row has these columns and no others that are not null, however times and numbers are written.
    static func expect(_ row: JSONObject, _ expected: JSONObject) {
        for (column, value) in expected {
            let shown = row[column] ?? .null
            if let time = instant(value) {
                #expect(instant(shown) == time, "\(column)")
            } else {
                #expect(
                    FreeformObject(stored: ["value": shown]).says(what: FreeformObject(stored: ["value": value])),
                    "\(column)")
            }
        }
        let others = row.filter { expected[$0.key] == nil && $0.value != .null }
        #expect(others.isEmpty)
    }
}
