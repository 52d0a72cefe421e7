import Counting
import EventSourcing
import TestSupport
import Testing

@testable import Postgres
@testable import Projector
@testable import generator

/// The typed views against the declarations of events: a misspelt member would silently read as null.
@Suite struct EventViewTests {
    @Test func aViewShowsEveryMemberThatIsDeclared() async throws {
        try await Harness.with { harness in
            let samples = EventType.allCases.map(\.withEveryMember)
            try await harness.append([
                Append(to: "s", events: samples, metadata: EventMetadata(actor: "ana"))
            ])
            let connection = harness.connection
            try await harness.makeEventViews(try EventViews.all())
            for sample in samples {
                let name = EventViews.name(of: sample.type)
                let row = try await connection.query("select to_jsonb(v) from \(name) as v")[0]
                let shown = try JSON.parse(row.bytes(0))
                for (member, value) in try #require(JSON.parse(sample.data).object) {
                    let column = shown[member]
                    let instant = { (json: JSON?) in json?.string.flatMap(Timestamp.init(rfc3339:)) }
                    if let written = instant(value) {
                        #expect(instant(column) == written, "\(name).\(member)")
                    } else {
                        #expect(column.map(reordered) == reordered(value), "\(name).\(member)")
                    }
                }
                #expect(shown["actor"] == "ana", "\(name)")
            }
        }
    }

    @Test func columnsThatAreReservedWordsAreInQuotes() async throws {
        try await Harness.with { harness in
            let words = try await harness.connection.query("select word from pg_get_keywords() where catcode = 'R'")
            let reserved = Set(try words.map { try $0.text(0) })
            #expect(reserved.contains("from"))
            for type in EventType.allCases {
                let text = EventViewFile.text(type)
                for member in type.declaration.members {
                    let isQuoted = text.contains(" as \"\(member.name)\"")
                    #expect(isQuoted == reserved.contains(member.name), "\(type).\(member.name)")
                }
            }
        }
    }

    /// How much an auditor should mind an event is said in SQL, too.
    @Test func severityIsWhatTheDatabaseSays() async throws {
        try await Harness.with { harness in
            for (type, data, level) in try EventType.allCases.flatMap(Self.severities) {
                let said = try await harness.connection.query(
                    "select audit_severity($1, $2::text::jsonb)", [.text(type.rawValue), .text(data.text)])
                #expect(try said[0].text(0) == level.rawValue, "\(type) \(data.text)")
            }
        }
    }

    /// Events of a type with each value that a member with a choice of values can have, and how much each matters.
    private static func severities(of type: EventType) throws -> [(EventType, JSON, EventSeverity.Level)] {
        let data = try #require(JSON.parse(type.withEveryMember.data).object)
        var events: [(EventType, JSON, EventSeverity.Level)] = []
        for member in type.declaration.members {
            guard case .choice(let values) = member.type else { continue }
            for value in values {
                var other = data
                other[member.name] = .string(value)
                events.append((type, .object(other), type.declaration.severity.level(of: other)))
            }
        }
        return events + [(type, .object(data), type.declaration.severity.level(of: data))]
    }
}

extension EventSeverity {
    fileprivate func level(of data: JSONObject) -> Level {
        switch self {
        case .always(let level): level
        case .level(let level, let member, let value): data[member] == .string(value) ? level : .info
        }
    }
}
