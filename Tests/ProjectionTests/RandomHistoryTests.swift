import Counting
import EventSourcing
import TestSupport
import Testing

/// That random histories hold all that the domain writes: what they lack, no law of projections is tried on.
@Suite struct RandomHistoryTests {
    private static let histories = Result {
        try (UInt64(1)...4).flatMap { seed -> [Append] in
            var history = RandomHistory(seed: seed)
            return try history.appends(1500)
        }
    }

    /// What no command writes any more: secrets in clear.
    private static let former: Set<String> = ["stream_credentials", "stream_path", "frame_data"]

    /// What is optional to who reads it, and written always: the rules of a take name what holds by default, too.
    private static let alwaysWritten: Set<String> = ["detector", "confidence"]

    @Test(arguments: EventType.allCases) func everyMemberIsThereNowAndThen(_ type: EventType) throws {
        let events = try Self.histories.get().flatMap { $0.events }
        let data = try events.filter { $0.type == type.rawValue }.map {
            try JSON.parse($0.data)
        }
        #expect(!data.isEmpty)
        let present = data.reduce(into: Set<String>()) { $0.formUnion(type.declaration.paths(in: $1)) }
        #expect(type.declaration.paths.subtracting(Self.former).subtracting(present) == [])
        for member in type.declaration.members
        where member.requiredVersions != 1 ... .max && !Self.alwaysWritten.contains(member.name) {
            #expect(data.contains { $0[member.name] == nil }, "\(member.name) is always there")
        }
    }

    @Test func everyEventIsAsDeclared() throws {
        for append in try Self.histories.get() {
            for event in append.events {
                let type = try #require(EventType(rawValue: event.type))
                let faults = type.declaration.faults(of: try JSON.parse(event.data), schemaVersion: event.schemaVersion)
                #expect(faults == [], "\(type)")
                #expect(type.declaration.streams.contains { $0.includes(append.stream) }, "\(type) in \(append.stream)")
            }
        }
    }
}

extension EventStream {
    fileprivate func includes(_ stream: StreamName) -> Bool {
        for placeholder in ["N", "NAME"] where pattern.hasSuffix("-\(placeholder)") {
            return stream.rawValue.hasPrefix(pattern.dropLast(placeholder.count))
        }
        return stream.rawValue == pattern
    }
}
