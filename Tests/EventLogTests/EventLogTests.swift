import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// What every event log promises; each fact is asked of every implementation.
@Suite struct EventLogTests {
    enum Implementation: CaseIterable, CustomTestStringConvertible {
        case memory, postgres

        var testDescription: String { "\(self)" }

        func withLog(_ body: @Sendable (any EventLog) async throws -> Void) async throws {
            switch self {
            case .memory: try await body(InMemoryEventLog(now: { Timestamp(microseconds: 1) }))
            case .postgres:
                try await TestCluster.shared.withDatabase { target in
                    try await withPostgresLog(target) { log, _ in try await body(log) }
                }
            }
        }
    }

    @Test(arguments: Implementation.allCases)
    func positionsAndVersionsCountFromOneWithoutGaps(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let first: AppendOutcome = try await log.append(Append(to: "a", events: [event("One"), event("Two")]))
            let second: AppendOutcome = try await log.append(Append(to: "b", events: [event("Three")]))
            #expect(first.positions == 1...2)
            #expect(first.version == 2)
            #expect(second.positions == 3...3)
            #expect(second.version == 1)
            let events = try await log.read(after: 0, limit: 10)
            #expect(events.map(\.position) == [1, 2, 3])
            #expect(events.map(\.version) == [1, 2, 1])
            #expect(events.map(\.type) == ["One", "Two", "Three"])
            #expect(try await log.head() == 3)
        }
    }

    @Test(arguments: Implementation.allCases)
    func anEventIsReadAsItWasAppended(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let metadata = EventMetadata(
                actor: "ana \"\\\u{8}\t\n\u{c}\r\u{1}ü", correlationID: "c-1", traceID: "t", clientAddress: "::1")
            let data: JSON = ["text": "quote \" back\\slash \n ümlaut 漢", "number": 1.5, "none": nil]
            _ = try await log.append(
                Append(
                    to: "s", producer: ProducerSequence(source: "w", sequence: 7),
                    events: [NewEvent(type: "Thing", schemaVersion: 3, data: data)], metadata: metadata))
            let read = try #require(try await log.read("s", after: 0, limit: 10).first)
            let readData = try JSON.parse(read.data)
            #expect(reordered(readData) == reordered(data))
            #expect(read.schemaVersion == 3)
            let stored = try JSON.parse(read.metadata)
            #expect(EventMetadata(stored) == metadata)
            #expect(stored["source"] == "w")
            #expect(stored["sequence"] == 7)
            #expect(read.metadata == metadata.bytes(producer: ProducerSequence(source: "w", sequence: 7)))
        }
    }

    /// The form in which metadata is hashed, archived and exported.
    @Test func metadataReadsAsJSONBWouldHaveIt() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                let metadata = EventMetadata(
                    actor: "ana \"\\\u{8}\t\n\u{c}\r\u{1f}\u{7f}ü漢", correlationID: "c-1", causationID: "7",
                    traceID: "t",
                    clientAddress: "::1")
                for producer in [ProducerSequence(source: "w/1", sequence: .max), nil] {
                    _ = try await log.append(
                        Append(to: "s", producer: producer, events: [event("E")], metadata: metadata))
                    let read = try #require(try await log.read(after: 0, limit: 10).last)
                    let jsonb = try await pool.query("select $1::jsonb", [.jsonb(read.metadata)])[0].bytes(0)
                    #expect(read.metadata == jsonb)
                }
            }
        }
    }

    @Test(arguments: Implementation.allCases)
    func anExpectedVersionMustHold(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let cases: [(ExpectedVersion, AppendOutcome?)] = [
                (.exists, .missing), (.exact(3), .conflict(actual: 0)), (.noStream, nil),
                (.noStream, .conflict(actual: 1)), (.exact(1), nil), (.exact(1), .conflict(actual: 2)),
                (.exists, nil), (.any, nil), (.exact(0), .conflict(actual: 4)),
            ]
            for (expected, failure) in cases {
                let outcome: AppendOutcome = try await log.append(
                    Append(to: "s", expecting: expected, events: [event("E")]))
                if let failure {
                    #expect(outcome == failure, "\(expected)")
                } else {
                    #expect(outcome.name == "appended")
                }
            }
            #expect(try await log.head() == 4)
        }
    }

    @Test(arguments: Implementation.allCases)
    func eachAppendOfABatchIsDecidedForItself(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let outcomes = try await log.append([
                Append(to: "a", expecting: .noStream, events: [event("1")]),
                Append(to: "a", expecting: .noStream, events: [event("lost"), event("lost")]),
                Append(to: "b", expecting: .exists, events: [event("lost")]),
                Append(to: "a", expecting: .exact(1), events: [event("2"), event("3")], opens: ["b"]),
                Append(to: "b", expecting: .exists, events: [event("4")], closes: ["b", "a"]),
                Append(to: "b", events: [event("lost")]),
                Append(to: "a", expecting: .exact(3), events: [event("lost")]),
            ])
            #expect(
                outcomes.map(\.name) == [
                    "appended", "conflict", "missing", "appended", "appended", "closed", "closed",
                ])
            #expect(outcomes[1] == .conflict(actual: 1))
            let events = try await log.read(after: 0, limit: 10)
            #expect(events.map(\.type) == ["1", "2", "3", "4"])
            #expect(events.map(\.position) == [1, 2, 3, 4])
            #expect(events.map(\.version) == [1, 2, 3, 1])
            #expect(outcomes[3].positions == 2...3)
            #expect(outcomes[4].positions == 4...4)
        }
    }

    @Test(arguments: Implementation.allCases)
    func aProducersSequenceIsAppendedOnce(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            func append(_ sequence: Int64, _ source: String = "w", to stream: StreamName = "s") -> Append {
                Append(
                    to: stream, producer: ProducerSequence(source: source, sequence: sequence),
                    events: [event("R\(sequence)"), event("R")])
            }
            let first = try await log.append([append(1), append(2), append(2), append(5)])
            #expect(first.map(\.name) == ["appended", "appended", "duplicate", "appended"])
            #expect(first[2] == .duplicate(positions: 3...4))
            let again = try await log.append([
                append(5), append(1), append(3), append(1, "other"), append(1, to: "t"), append(6),
            ])
            #expect(again[0] == .duplicate(positions: 5...6))
            #expect(again[1] == .duplicate(positions: 1...2))
            #expect(again[2] == .duplicate(positions: nil))
            #expect(again[3...].map(\.name) == ["appended", "appended", "appended"])
            #expect(try await log.read("s", after: 0, limit: 100).map(\.version) == Array(1...10))
        }
    }

    @Test(arguments: Implementation.allCases)
    func aDuplicateIsRecognisedOnAClosedStream(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let append = Append(
                to: "s", producer: ProducerSequence(source: "w", sequence: 1), events: [event("R")], closes: ["s"])
            _ = try await log.append([append])
            let again: AppendOutcome = try await log.append(append)
            #expect(again == .duplicate(positions: 1...1))
            let next: AppendOutcome = try await log.append(Append(to: "s", events: [event("R")]))
            #expect(next == .closed)
        }
    }

    @Test(arguments: Implementation.allCases)
    func readingGoesOnAfterAPositionAndAVersion(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            for index in 0..<6 {
                _ = try await log.append(
                    Append(to: index.isMultiple(of: 2) ? "even" : "odd", events: [event("\(index)")]))
            }
            #expect(try await log.read(after: 2, limit: 2).map(\.type) == ["2", "3"])
            #expect(try await log.read("odd", after: 1, limit: 10).map(\.type) == ["3", "5"])
            #expect(try await log.read("none", after: 0, limit: 10).isEmpty)
            #expect(try await log.readAll("even").map(\.type) == ["0", "2", "4"])
        }
    }

    @Test(arguments: Implementation.allCases)
    func aWholeStreamIsReadAcrossPages(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            #expect(try await log.head() == 0)
            let many = (1...2001).map { _ in event("E") }
            let outcome: AppendOutcome = try await log.append(Append(to: "s", events: many))
            #expect(outcome.version == 2001)
            #expect(try await log.readAll("s").map(\.version) == Array(1...2001))
        }
    }

    @Test(arguments: Implementation.allCases)
    func aRefusedAppendUsesUpNoSequence(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            var append = Append(
                to: "s", expecting: .exists, producer: ProducerSequence(source: "w", sequence: 1), events: [event("E")])
            let refused: AppendOutcome = try await log.append(append)
            #expect(refused == .missing)
            append.expected = .any
            let taken: AppendOutcome = try await log.append(append)
            #expect(taken.positions == 1...1)
        }
    }

    @Test(arguments: Implementation.allCases)
    func aMalformedAppendIsRefusedAndNothingIsWritten(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let malformed = [
                Append(to: "s", events: []), Append(to: "", events: [event("E")]),
                Append(to: "s", expecting: .exact(-3), events: [event("E")]),
                Append(to: "s", events: [event("E")], opens: [""]),
                Append(to: "s", producer: ProducerSequence(source: "", sequence: 1), events: [event("E")]),
            ]
            for append in malformed {
                await #expect(throws: EventLogError.self) {
                    _ = try await log.append([Append(to: "s", events: [event("E")]), append])
                }
            }
            let head = try await log.head()
            #expect(head == 0)
        }
    }

    @Test(arguments: Implementation.allCases)
    func concurrentAppendsUnderOneExpectedVersionHaveOneWinner(_ implementation: Implementation) async throws {
        try await implementation.withLog { log in
            let outcomes = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        try await log.append(Append(to: "s", expecting: .noStream, events: [event("\(index)")]))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count(where: { $0.name == "appended" }) == 1)
            #expect(outcomes.count(where: { $0 == .conflict(actual: 1) }) == 49)
        }
    }
}
