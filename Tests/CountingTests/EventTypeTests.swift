import Counting
import EventSourcing
import TestSupport
import Testing

/// The declarations of events against what encodes and decodes them, member by member.
@Suite struct EventTypeTests {
    private static let frozen = FrozenEvent.all

    @Test(arguments: frozen) func whatWasEverWrittenIsAsDeclared(_ event: FrozenEvent) throws {
        let type = try #require(EventType(rawValue: event.type))
        let data = try JSON.parse(Array(event.data.utf8))
        #expect(type.declaration.faults(of: data, schemaVersion: event.schemaVersion) == [])
        for member in type.declaration.members where !member.isStored { #expect(data[member.name] == nil) }
    }

    @Test(arguments: frozen) func whatIsWrittenTodayIsAsDeclared(_ event: FrozenEvent) throws {
        let today = try EventMeaning(event.recorded).event
        let type = try #require(EventType(rawValue: today.type))
        #expect(type.rawValue == event.type)
        #expect(
            type.declaration.faults(of: try JSON.parse(today.data), schemaVersion: today.schemaVersion) == [])
    }

    /// What is declared and never written, or written and never read, would not be noticed elsewhere.
    @Test(arguments: EventType.allCases) func everyDeclaredMemberIsWritten(_ type: EventType) throws {
        var (frozen, today): (Set<String>, Set<String>) = ([], [])
        for event in Self.frozen where event.type == type.rawValue {
            frozen.formUnion(type.declaration.paths(in: try JSON.parse(Array(event.data.utf8))))
            today.formUnion(type.declaration.paths(in: try JSON.parse(EventMeaning(event.recorded).event.data)))
        }
        let derived = type.declaration.members.filter { !$0.isStored }.map(\.name)
        #expect(frozen == type.declaration.paths.subtracting(derived), "frozen samples of every member")
        #expect(today == type.declaration.paths)
    }

    @Test(arguments: EventType.allCases) func everyMemberIsRead(_ type: EventType) throws {
        var read: Set<String> = []
        for event in Self.frozen where event.type == type.rawValue {
            let meaning = try EventMeaning(event.recorded)
            let data = try #require(JSON.parse(Array(event.data.utf8)).object)
            for (name, value) in data {
                let member = try #require(type.declaration.members.first { $0.name == name })
                var other = data
                other[name] = nil
                if member.requiredVersions == 1 ... .max {
                    let error = #expect(throws: EventDecodingError.self, "\(name)") {
                        try EventMeaning(event.recorded(data: other))
                    }
                    #expect(error?.reason == "\(name) is missing")
                    read.insert(name)
                } else {
                    let without = try? EventMeaning(event.recorded(data: other))  // it may be unreadable
                    if without != meaning { read.insert(name) }
                }
                other[name] = value.bool == nil ? true : 1
                let error = #expect(throws: EventDecodingError.self, "\(name)") {
                    try EventMeaning(event.recorded(data: other))
                }
                #expect(error?.reason.hasPrefix("\(name) is ") == true)
            }
        }
        #expect(read == Set(type.declaration.members.filter(\.isStored).map(\.name)))
    }

    @Test(arguments: EventType.allCases) func membersAreOfVersionsThatThereAre(_ type: EventType) {
        let members = type.declaration.members
        #expect(Set(members.map(\.name)).count == members.count)
        for member in members {
            #expect(type.schemaVersions.contains(member.versions.lowerBound), "\(member.name)")
            if let required = member.requiredVersions {
                #expect(required.clamped(to: member.versions) == required, "\(member.name)")
            }
        }
        #expect(!type.declaration.streams.isEmpty)
    }

    @Test(arguments: EventType.allCases) func severityIsByAMemberThatThereIs(_ type: EventType) throws {
        guard case .level(_, let name, let value) = type.declaration.severity else { return }
        let member = try #require(type.declaration.members.first { $0.name == name })
        guard case .choice(let names) = member.type else {
            Issue.record("\(name) has no choice of values")
            return
        }
        #expect(names.contains(value))
    }

    @Test func theKnownVersionsOfAKnownTypeAreIncluded() {
        for type in EventType.allCases {
            for version in type.schemaVersions {
                #expect(EventType.includes(type.rawValue, schemaVersion: version))
            }
            #expect(!EventType.includes(type.rawValue, schemaVersion: type.schemaVersions.upperBound + 1))
            #expect(!EventType.includes(type.rawValue, schemaVersion: 0))
        }
        #expect(!EventType.includes("CameraPainted", schemaVersion: 1))
    }
}
