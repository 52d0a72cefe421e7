import Testing

@testable import TortureWriter

/// The judge of the torture test finds every fault that there can be.
@Suite struct TortureVerdictTests {
    private static let events = [
        TorturedEvent(position: 1, stream: "a", version: 1, id: "x/1", index: 1),
        TorturedEvent(position: 2, stream: "a", version: 2, id: "x/1", index: 2),
        TorturedEvent(position: 3, stream: "b", version: 1, id: "p#1", index: 1),
        TorturedEvent(position: 4, stream: "b", version: 2, id: "p#2", index: 1),
        TorturedEvent(position: 5, stream: "a", version: 3, id: "x/2", index: 1),
    ]
    private static let ledger: [Ledger.Entry] = [
        .acknowledged(id: "x/1", positions: 1...2, version: 2), .denied(id: "x/3"),
        .acknowledged(id: "p#1", positions: 3...3, version: 1), .acknowledged(id: "p#1", positions: 3...3, version: 0),
    ]

    private func faults(
        events: [TorturedEvent] = events, head: Int64 = 5, versions: [String: Int64] = ["a": 3, "b": 2],
        ledger: [Ledger.Entry] = ledger, seen: [TorturedEvent] = Array(events.dropFirst())
    ) -> [String] {
        TortureVerdict(
            events: events, head: head, streamVersions: versions, ledger: ledger,
            readers: [TorturedReader(after: 1, digests: seen.map(\.digest))]
        ).faults
    }

    private func changed(_ index: Int, _ change: (inout TorturedEvent) -> Void) -> [TorturedEvent] {
        var events = Self.events
        change(&events[index])
        return events
    }

    @Test func aLogThatKeptItsPromisesHasNoFaults() { #expect(faults().isEmpty) }

    @Test func anEventThatIsLostIsFound() {
        #expect(!faults(events: Self.events.dropLast(), seen: Array(Self.events.dropFirst().dropLast())).isEmpty)
        #expect(!faults(events: Self.events.filter { $0.position != 2 }).isEmpty)
    }

    @Test func aPositionThatIsSkippedIsFound() {
        let events = changed(4) { $0.position = 6 }
        #expect(!faults(events: events, head: 6, seen: Array(events.dropFirst())).isEmpty)
    }

    @Test func aVersionThatIsSkippedIsFound() {
        let events = changed(4) { $0.version = 4 }
        #expect(!faults(events: events, versions: ["a": 4, "b": 2], seen: Array(events.dropFirst())).isEmpty)
    }

    @Test func anAppendThatIsThereTwiceIsFound() {
        let events = changed(4) { $0.id = "p#2" }
        #expect(!faults(events: events, seen: Array(events.dropFirst())).isEmpty)
    }

    @Test func producersSequencesOutOfOrderAreFound() {
        var events = changed(2) { $0.id = "p#2" }
        events[3].id = "p#1"
        #expect(!faults(events: events, ledger: [], seen: Array(events.dropFirst())).isEmpty)
    }

    @Test(arguments: [
        Ledger.Entry.acknowledged(id: "x/4", positions: 5...5, version: 3),
        .acknowledged(id: "x/2", positions: 4...4, version: 3), .acknowledged(id: "x/2", positions: 5...5, version: 2),
        .denied(id: "x/2"), .broken("said so"),
    ])
    func anAnswerThatIsNotTrueIsFound(_ entry: Ledger.Entry) {
        #expect(!faults(ledger: Self.ledger + [entry]).isEmpty)
    }

    @Test func aReaderThatMissedRepeatedOrMistookAnEventIsFound() {
        let events = Self.events
        #expect(!faults(seen: Array(events[1...3])).isEmpty)
        #expect(!faults(seen: [events[1], events[2], events[2], events[3], events[4]]).isEmpty)
        #expect(!faults(seen: [events[1], events[3], events[2], events[4]]).isEmpty)
        #expect(!faults(seen: [events[1], events[2], events[3], events[0]]).isEmpty)
    }

    @Test func aStreamWithAnotherVersionThanItsEventsIsFound() {
        #expect(!faults(versions: ["a": 4, "b": 2]).isEmpty)
    }
}
