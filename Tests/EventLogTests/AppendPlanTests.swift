import EventLog
import EventSourcing
import TestSupport
import Testing

@testable import Postgres

/// Most batches are appended as planned, without deciding each append for itself; that must show in nothing but speed.
@Suite(.timeLimit(.minutes(5))) struct AppendPlanTests {
    /// Batches of which some are accepted whole and others hold all that can go wrong.
    private static func batch(_ generator: inout SeededGenerator) -> [Append] {
        let isTame = Bool.random(using: &generator)
        return (0..<Int.random(in: 1...8, using: &generator)).map { _ in
            let number = Int.random(in: 0..<4, using: &generator)
            var append = Append(
                to: StreamName("s\(number)"),
                events: (0..<Int.random(in: 1...3, using: &generator)).map { event("E\($0)") })
            let versions: [ExpectedVersion] = [
                .any, .exists, .noStream, .exact(.random(in: 0...6, using: &generator)),
            ]
            append.expected = isTame ? .exists : versions.randomElement(using: &generator) ?? .any
            if Bool.random(using: &generator) {
                let sequence = Int64.random(in: 1...60, using: &generator)
                append.producer = ProducerSequence(
                    source: "p\(Int.random(in: 0..<2, using: &generator))", sequence: sequence)
                // A sequence that is sent again comes with the same events.
                append.events = (0...sequence % 3).map { event("E\($0)") }
            }
            if !isTame, Int.random(in: 0..<6, using: &generator) == 0 {
                append.opens = [StreamName("s\((number + 1) % 4)")]
            }
            if !isTame, Int.random(in: 0..<40, using: &generator) == 0 { append.closes = [append.stream] }
            return append
        }
    }

    private static func withoutTime(_ outcome: AppendOutcome) -> AppendOutcome {
        guard case .appended(let appended) = outcome else { return outcome }
        return .appended(
            Appended(
                positions: appended.positions, version: appended.version, recordedAt: Timestamp(microseconds: 0)))
    }

    private static func story(_ log: any EventLog) async throws -> [String] {
        try await log.read(after: 0, limit: 100_000)
            .map { "\($0.position) \($0.stream) \($0.version) \($0.type)" }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func anyBatchHasTheOutcomesOfTheLogInMemory(_ seed: UInt64) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, _ in
                var generator = SeededGenerator(seed: seed)
                let memory = InMemoryEventLog(now: { Timestamp(microseconds: 1) })
                for _ in 0..<60 {
                    let batch = Self.batch(&generator)
                    let expected = try await memory.append(batch).map(Self.withoutTime)
                    let actual = try await log.append(batch).map(Self.withoutTime)
                    #expect(actual == expected, "\(batch)")
                }
                let expected = try await Self.story(memory)
                let actual = try await Self.story(log)
                #expect(actual == expected)
            }
        }
    }

    @Test func aBatchThatFitsItsPlanMovesVersionsOfEveryStreamAndSource() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                func append(_ stream: StreamName, _ expected: ExpectedVersion, _ sequence: Int64) -> Append {
                    Append(
                        to: stream, expecting: expected, producer: ProducerSequence(source: "p", sequence: sequence),
                        events: [event("A"), event("B")])
                }
                _ = try await log.append([append("a", .any, 1), append("b", .any, 1)])
                let outcomes = try await log.append([
                    append("a", .exact(2), 2), append("b", .exists, 5), append("a", .exact(4), 3),
                ])
                #expect(outcomes.map(\.positions) == [5...6, 7...8, 9...10])
                #expect(outcomes.map(\.version) == [4, 4, 6])
                let again = try await log.append([append("a", .exact(2), 3), append("b", .exists, 5)])
                #expect(again == [.duplicate(positions: 9...10), .duplicate(positions: 7...8)])
                let versions = try await pool.query("select sum(version)::bigint from streams")[0].integer(0)
                #expect(versions == 10)
            }
        }
    }
}
