import EventSourcing
import Testing

@Suite struct InMemoryEventLogTests {
    let log = InMemoryEventLog(now: { Timestamp(microseconds: 1_000_000) })

    func events(_ count: Int, type: String = "Happened") -> [NewEvent] {
        (0..<count).map { NewEvent(type: type, data: ["n": .integer(Int64($0))]) }
    }

    func appended(_ positions: ClosedRange<Int64>, version: Int64) -> AppendOutcome {
        .appended(Appended(positions: positions, version: version, recordedAt: Timestamp(microseconds: 1_000_000)))
    }

    @Test func positionsNumberTheLogAndVersionsTheStream() async throws {
        #expect(try await log.append(Append(to: "a-1", events: events(2))) == appended(1...2, version: 2))
        #expect(try await log.append(Append(to: "b-1", events: events(1))) == appended(3...3, version: 1))
        #expect(try await log.append(Append(to: "a-1", events: events(1))) == appended(4...4, version: 3))
        #expect(try await log.read("a-1", after: 0, limit: 10).map(\.position) == [1, 2, 4])
        #expect(try await log.read("a-1", after: 0, limit: 10).map(\.version) == [1, 2, 3])
        #expect(try await log.head() == 4)
    }

    @Test func eventsAreReadAsTheyWereAppended() async throws {
        let event = NewEvent(type: "Happened", schemaVersion: 3, data: ["a": 1])
        _ = try await log.append(
            Append(
                to: "a-1", producer: ProducerSequence(source: "s", sequence: 9), events: [event],
                metadata: EventMetadata(actor: "anna")))
        #expect(
            try await log.read(after: 0, limit: 1) == [
                RecordedEvent(
                    position: 1, stream: "a-1", version: 1, type: "Happened", schemaVersion: 3,
                    data: Array(#"{"a":1}"#.utf8), metadata: Array(#"{"actor":"anna","source":"s","sequence":9}"#.utf8),
                    recordedAt: Timestamp(microseconds: 1_000_000))
            ])
    }

    @Test func readingGoesByPagesInOrder() async throws {
        _ = try await log.append([Append(to: "a-1", events: events(3)), Append(to: "b-1", events: events(2))])
        #expect(try await log.read(after: 1, limit: 2).map(\.position) == [2, 3])
        #expect(try await log.read(after: 5, limit: 2).isEmpty)
        #expect(try await log.read("a-1", after: 1, limit: 1).map(\.version) == [2])
        #expect(try await log.read("a-1", after: 3, limit: 1).isEmpty)
        #expect(try await log.read("none-1", after: 0, limit: 1).isEmpty)
    }

    @Test func wholeStreamIsReadAcrossPages() async throws {
        _ = try await log.append(Append(to: "a-1", events: events(2001)))
        #expect(try await log.readAll("a-1").map(\.version) == Array(1...2001))
    }

    @Test func emptyLogHasNoHead() async throws {
        #expect(try await log.head() == 0)
    }

    @Test func exactVersionIsChecked() async throws {
        #expect(
            try await log.append(Append(to: "a-1", expecting: .exact(0), events: events(1)))
                == appended(1...1, version: 1))
        #expect(
            try await log.append(Append(to: "a-1", expecting: .exact(0), events: events(1))) == .conflict(actual: 1))
        #expect(
            try await log.append(Append(to: "a-1", expecting: .exact(2), events: events(1))) == .conflict(actual: 1))
        #expect(
            try await log.append(Append(to: "a-1", expecting: .exact(1), events: events(1)))
                == appended(2...2, version: 2))
    }

    @Test func noStreamIsChecked() async throws {
        #expect(
            try await log.append(Append(to: "a-1", expecting: .noStream, events: events(1)))
                == appended(1...1, version: 1))
        #expect(
            try await log.append(Append(to: "a-1", expecting: .noStream, events: events(1))) == .conflict(actual: 1))
    }

    @Test func existenceIsChecked() async throws {
        #expect(try await log.append(Append(to: "a-1", expecting: .exists, events: events(1))) == .missing)
        _ = try await log.append(Append(to: "a-1", events: events(1)))
        #expect(
            try await log.append(Append(to: "a-1", expecting: .exists, events: events(1)))
                == appended(2...2, version: 2))
    }

    @Test func openedStreamExistsAndIsEmpty() async throws {
        _ = try await log.append(Append(to: "a-1", events: events(1), opens: ["b-1"]))
        #expect(
            try await log.append(Append(to: "b-1", expecting: .noStream, events: events(1)))
                == appended(2...2, version: 1))
        _ = try await log.append(Append(to: "a-1", events: events(1), opens: ["b-1", "c-1"]))
        #expect(
            try await log.append(Append(to: "c-1", expecting: .exists, events: events(1)))
                == appended(4...4, version: 1))
        #expect(
            try await log.append(Append(to: "b-1", expecting: .exact(1), events: events(1)))
                == appended(5...5, version: 2))
    }

    @Test func closedStreamTakesNoMore() async throws {
        _ = try await log.append(Append(to: "a-1", events: events(1), closes: ["a-1", "b-1", "c-1"]))
        for stream in ["a-1", "b-1", "c-1"] as [StreamName] {
            #expect(try await log.append(Append(to: stream, events: events(1))) == .closed)
            #expect(try await log.append(Append(to: stream, expecting: .exact(9), events: events(1))) == .closed)
        }
        #expect(try await log.read("a-1", after: 0, limit: 9).count == 1)
    }

    @Test func producerAppendsEachSequenceOnce() async throws {
        let append = { (source: String, sequence: Int64) in
            Append(to: "a-1", producer: ProducerSequence(source: source, sequence: sequence), events: events(2))
        }
        #expect(try await log.append(append("s", 5)) == appended(1...2, version: 2))
        #expect(try await log.append(append("s", 5)) == .duplicate(positions: 1...2))
        #expect(try await log.append(append("s", 4)) == .duplicate(positions: nil))
        #expect(try await log.append(append("t", 4)) == appended(3...4, version: 4))
        #expect(try await log.append(append("s", 9)) == appended(5...6, version: 6))
        #expect(try await log.append(append("s", 5)) == .duplicate(positions: 1...2))
    }

    @Test func duplicateIsToldEvenOfAClosedStream() async throws {
        let append = Append(
            to: "a-1", producer: ProducerSequence(source: "s", sequence: 1), events: events(1), closes: ["a-1"])
        #expect(try await log.append(append) == appended(1...1, version: 1))
        #expect(try await log.append(append) == .duplicate(positions: 1...1))
    }

    @Test func refusedAppendUsesUpNoSequence() async throws {
        let producer = ProducerSequence(source: "s", sequence: 1)
        #expect(
            try await log.append(Append(to: "a-1", expecting: .exists, producer: producer, events: events(1)))
                == .missing)
        #expect(
            try await log.append(Append(to: "a-1", producer: producer, events: events(1)))
                == appended(1...1, version: 1))
    }

    @Test func appendsOfOneCallAreDecidedInOrderAndForThemselves() async throws {
        let outcomes = try await log.append([
            Append(to: "a-1", expecting: .exact(0), events: events(1), opens: ["b-1"]),
            Append(to: "a-1", expecting: .exact(0), events: events(1)),
            Append(to: "b-1", expecting: .exists, events: events(1)),
            Append(to: "a-1", expecting: .exact(1), events: events(2)),
        ])
        #expect(
            outcomes == [
                appended(1...1, version: 1), .conflict(actual: 1), appended(2...2, version: 1),
                appended(3...4, version: 3),
            ])
    }

    @Test(arguments: [
        Append(to: "a-1", events: []), Append(to: "", events: [NewEvent(type: "Happened", data: [:])]),
        Append(to: "a-1", events: [NewEvent(type: "Happened", data: [:])], opens: [""]),
        Append(
            to: "a-1", producer: ProducerSequence(source: "", sequence: 1),
            events: [NewEvent(type: "Happened", data: [:])]),
        Append(to: "a-1", expecting: .exact(-1), events: [NewEvent(type: "Happened", data: [:])]),
    ])
    func malformedAppendWritesNothingOfItsCall(append: Append) async throws {
        await #expect(throws: EventLogError.self) {
            try await log.append([Append(to: "b-1", events: events(1)), append])
        }
        #expect(try await log.head() == 0)
    }

    @Test func recordedTimeNeverDecreases() async throws {
        let clock = SteppingClock([5, 3, 8])
        let log = InMemoryEventLog(now: clock.next)
        for _ in 0..<3 { _ = try await log.append(Append(to: "a-1", events: events(1))) }
        #expect(try await log.readAll("a-1").map(\.recordedAt.microseconds) == [5, 5, 8])
    }
}
