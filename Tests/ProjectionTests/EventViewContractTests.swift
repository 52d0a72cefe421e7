import Counting
import EventSourcing
import TestSupport
import Testing

@testable import Postgres
@testable import Projector
@testable import generator

/// The typed views against every event that was ever written: what a view shows is what the domain reads.
@Suite struct EventViewContractTests {
    /// What every view shows beside the members of its event.
    private static let envelope: Set<String> = ["position", "version", "recorded_at", "actor"]

    @Test func everyEventTypeHasAViewAndFrozenSamples() throws {
        #expect(try Set(EventViews.all().keys) == Set(EventType.allCases.map(EventViewFile.name)))
        #expect(Set(FrozenEvent.all.map(\.type)) == Set(EventType.allCases.map(\.rawValue)))
    }

    @Test(arguments: EventType.allCases) func aViewShowsTheVersionsThatTheDomainReads(_ type: EventType) throws {
        let view = try #require(EventViews.all()[EventViewFile.name(of: type)])
        #expect(view.type == type.rawValue)
        #expect(view.schemaVersions == type.schemaVersions.map(Int.init))
    }

    @Test func aViewShowsEachVersionOfAnEventAsTheDomainReadsIt() async throws {
        try await Harness.with { harness in
            let samples = FrozenEvent.all
            try await harness.append([
                Append(
                    to: "frozen",
                    events: samples.map {
                        NewEvent(type: $0.type, schemaVersion: $0.schemaVersion, data: Array($0.data.utf8))
                    }, metadata: EventMetadata(actor: "ana"))
            ])
            let recorded = try await harness.log.read(after: 0, limit: samples.count)
            let views = try EventViews.all()
            try await harness.makeEventViews(views)
            var everShown: [String: Set<String>] = [:]
            for event in recorded {
                let view = EventViews.name(of: event.type)
                let label = "\(event.type) \(event.schemaVersion)"
                var rows: [String: JSON] = [:]
                for name in views.keys {
                    let row = try await harness.connection.query(
                        "select to_jsonb(v) from \(name) as v where position = $1", [.integer(event.position)]
                    ).first
                    if let row { rows[name] = try JSON.parse(row.bytes(0)) }
                }
                #expect(Set(rows.keys) == [view], "\(label)")
                let shown = try #require(rows[view]?.object)
                let meant = try #require(JSON.parse(EventMeaning(event).event.data).object)
                #expect(shown["position"]?.integer == event.position)
                #expect(shown["version"]?.integer == event.version)
                #expect(instant(shown["recorded_at"]) == event.recordedAt)
                #expect(shown["actor"] == "ana")
                #expect(Set(meant.keys).subtracting(shown.keys).isEmpty, "\(view) lacks members of \(label)")
                for (column, value) in shown where !Self.envelope.contains(column) {
                    let expected = meant[column] ?? .null
                    #expect(isSame(value, expected), "\(label): \(view).\(column) is \(value), not \(expected)")
                    if value != .null { everShown[view, default: []].insert(column) }
                }
                // A misspelt member reads as null whatever the event says.
                if event == recorded.last(where: { $0.type == event.type }) {
                    let columns = Set(shown.keys).subtracting(Self.envelope)
                    #expect(everShown[view] == columns, "no sample shows the other columns of \(view)")
                }
            }
        }
    }

    private func instant(_ json: JSON?) -> Timestamp? { json?.string.flatMap(Timestamp.init(rfc3339:)) }

    /// Whether they say the same, however a time or a whole number is written.
    private func isSame(_ shown: JSON, _ expected: JSON) -> Bool {
        if let written = instant(expected) { return instant(shown) == written }
        return FreeformObject(stored: ["value": shown]).says(what: FreeformObject(stored: ["value": expected]))
    }
}
