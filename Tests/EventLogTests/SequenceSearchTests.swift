import EventLog
import EventSourcing
import TestSupport
import Testing

/// Duplicates are found wherever they lie: among other sources, across blocks, in the archive.
@Suite struct SequenceSearchTests {
    private static func sent(_ source: String, _ sequence: Int64, count: Int = 1) -> Append {
        Append(
            to: "s1", producer: ProducerSequence(source: source, sequence: sequence),
            events: (0..<count).map { event("\(source) \(sequence) \($0)") })
    }

    /// Sources that take turns, one that ended long ago, one that was silent for long, and gaps.
    private static let history: [Append] =
        (1...1300).map { sent("early", Int64($0) * 2) }
        + (1...2200).map { sent($0.isMultiple(of: 3) ? "a" : "b", Int64($0) * 10, count: $0 == 1000 ? 3 : 1) }
        + [sent("early", 90_000)] + (1...30).map { sent("late", Int64($0)) }

    @Test func everySequenceIsFoundWhereItWasPut() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, _ in
                let first = try await log.append(Self.history)
                let positions = first.map(\.positions)
                // Each by itself, from all parts, and all at once.
                for index in stride(from: 0, to: Self.history.count, by: 397) {
                    let again: AppendOutcome = try await log.append(Self.history[index])
                    #expect(again == .duplicate(positions: positions[index]), "\(index)")
                }
                #expect(try await log.append(Self.history).map(\.duplicatePositions) == positions)
                for (source, sequence) in [("early", Int64(3)), ("early", 80_000), ("a", 20), ("b", 5), ("late", 0)] {
                    let never: AppendOutcome = try await log.append(Self.sent(source, sequence))
                    #expect(never == .duplicate(positions: nil), "\(source) \(sequence)")
                }
            }
        }
    }

    /// What a request came to is noted without the positions of duplicates that are older than their source's last.
    @Test func ofARequestThatWasDoneTheyAreFoundToo() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, _ in
                _ = try await log.append((1...3).map { Self.sent("w", $0) })
                var append = Self.sent("w", 2)
                append.metadata.request = RequestClaim(
                    id: "request", number: 1,
                    done: RequestClaim.Done(stream: append.stream, outcomes: [.duplicate(positions: nil)]))
                let again: AppendOutcome = try await log.append(append)
                #expect(again == .duplicate(positions: 2...2))
                #expect(try await log.head() == 3)
            }
        }
    }

    @Test func whatIsArchivedIsFoundToo() async throws {
        try await SealFixture.with { log in
            let appends = (1...55).map { Self.sent($0 < 20 ? "early" : $0.isMultiple(of: 2) ? "a" : "b", Int64($0)) }
            let positions = try await log.log.append(appends).map(\.positions)
            try await log.seal()
            try await log.archive()
            #expect(try await log.integer("select archived_to from log_head") == 40)
            #expect(try await log.log.append(appends).map(\.duplicatePositions) == positions)
            for index in [0, 18, 19, 30, 54] {
                let again: AppendOutcome = try await log.log.append(appends[index])
                #expect(again == .duplicate(positions: positions[index]), "\(index)")
            }
            let events = try await log.events()
            #expect(try await log.log.read(at: [41, 1, 40, 12, 56, 0]).map(\.position) == [1, 12, 40, 41])
            #expect(try await log.log.read(at: Array(1...55)) == events)
        }
    }
}

extension AppendOutcome {
    fileprivate var duplicatePositions: ClosedRange<Int64>? {
        guard case .duplicate(let positions) = self else { return nil }
        return positions
    }
}
