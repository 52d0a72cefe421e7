import Counting
import EventSourcing
import TestSupport
import Testing

@testable import Projector

/// What becomes of read models at an event in a schema version that the release does not know.
@Suite(.timeLimit(.minutes(5))) struct UnknownVersionTests {
    private static let known = FrozenEvent.all.filter { event in
        event.schemaVersion == EventType(rawValue: event.type)?.schemaVersions.upperBound
    }

    @Test(arguments: Harness.names) func theReadModelStopsAtIt(_ name: String) async throws {
        let definition = try Harness.definition(name)
        let types = Set(definition.eventViews.keys)
        #expect(!types.isEmpty)
        for event in Self.known where types.contains(EventViews.name(of: event.type)) {
            try await Harness.with { harness in
                let later = NewEvent(type: event.type, schemaVersion: 9, data: Array(event.data.utf8))
                let other = NewEvent(type: "CameraPainted", schemaVersion: 9, data: ["camera_id": 1])
                try await harness.append([Append(to: "s", events: [other, later, other])])
                let build = try await Build.create(definition, on: harness.connection)
                let stopped = await #expect(throws: StoppedAtEvent.self) {
                    while try await !build.advance(by: 10, on: harness.connection).isAtHead {}
                }
                #expect(stopped?.position == 2)
                #expect(stopped?.type == event.type)
                #expect(stopped?.sqlState == StoppedAtEvent.unknownSchemaVersion)
                #expect(stopped?.error == "\(event.type) has schema version 9, which this release cannot read")
            }
        }
    }

    @Test func eachReadModelGoesOnPastTypesThatItDoesNotRead() async throws {
        try await Harness.with { harness in
            let probe = try #require(Self.known.first { $0.type == StreamProbe.eventType })
            let later = NewEvent(type: probe.type, schemaVersion: 9, data: Array(probe.data.utf8))
            try await harness.append([Append(to: "s", events: [later])])
            let build = try await Build.create(Harness.definition("hourly_counts"), on: harness.connection)
            #expect(try await build.advance(by: 10, on: harness.connection).to == 1)
        }
    }
}
