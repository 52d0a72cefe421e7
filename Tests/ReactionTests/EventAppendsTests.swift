import EventSourcing
import Logging
import TestSupport
import Testing

@testable import Reactions

/// How the actions of one event become appends.
@Suite struct EventAppendsTests {
    private let log = InMemoryEventLog { Timestamp(microseconds: 0) }

    private func appends(on log: any EventLog) -> EventAppends {
        EventAppends(reaction: "doorkeeper", log: log, logger: .silent)
    }

    private func append(_ actions: [Action<String>], after position: Int64 = 5) async throws {
        let event = RecordedEvent(
            position: position, stream: "s", version: 1, type: "E", schemaVersion: 1, data: Array("{}".utf8),
            metadata: Array("{}".utf8), recordedAt: Timestamp(microseconds: 0))
        try await appends(on: log).append(actions, after: event)
    }

    private func types(_ stream: StreamName) async throws -> [String] {
        try await log.readAll(stream).map(\.type)
    }

    private func command(_ command: Door.Command, on stream: StreamName = "door-1") -> Action<String> {
        .command(command, by: Door.self, on: stream)
    }

    @Test func actionsOnOneStreamAreJoinedAndDoneOnce() async throws {
        let actions: [Action<String>] = [
            .append([event("A")], to: "a"), .append([event("B")], to: "b"), .perform("no append"),
            .append([event("C"), event("D")], to: "a"),
        ]
        for _ in 0..<3 { try await append(actions) }
        #expect(try await types("a") == ["A", "C", "D"])
        #expect(try await types("b") == ["B"])
        try await append(actions, after: 6)
        #expect(try await types("a") == ["A", "C", "D", "A", "C", "D"])
    }

    @Test func commandsAreDecidedOneAfterAnother() async throws {
        // Each is allowed only after the one before it.
        let actions = [command(.open), command(.close), command(.open)]
        for _ in 0..<3 { try await append(actions) }
        #expect(try await types("door-1") == ["Opened", "Closed", "Opened"])
        try await append([command(.close)], after: 6)
        #expect(try await types("door-1").last == "Closed")
    }

    @Test func whatIsRejectedIsLeftOut() async throws {
        try await append([command(.close), .append([event("A")], to: "a"), command(.open)])
        #expect(try await types("door-1") == ["Opened"])
        #expect(try await types("a") == ["A"])
    }

    @Test func appendsAndCommandsOnOneStreamKeepTheirOrder() async throws {
        try await append([
            .append([Door.encode(.opened)], to: "door-1"), command(.close),
            .append([Door.encode(.opened)], to: "door-1"),
            command(.close),
        ])
        #expect(try await types("door-1") == ["Opened", "Closed", "Opened", "Closed"])
    }

    @Test func aClosedStreamTakesNothingAndKeepsNothingElseBack() async throws {
        _ = try await log.append(Append(to: "gone", events: [event("Gone")], closes: ["gone"]))
        try await append([.append([event("A")], to: "gone"), .append([event("B")], to: "b")])
        #expect(try await types("gone") == ["Gone"])
        #expect(try await types("b") == ["B"])
    }

    /// Another opens the door between the decision and its append: then it is decided again.
    @Test func aCommandThatLosesARaceIsDecidedAgain() async throws {
        let racing = RacingLog(log) { log in
            _ = try? await log.append(Append(to: "door-1", events: [Door.encode(.opened)]))
        }
        let event = RecordedEvent(
            position: 5, stream: "s", version: 1, type: "E", schemaVersion: 1, data: Array("{}".utf8),
            metadata: Array("{}".utf8), recordedAt: Timestamp(microseconds: 0))
        let actions: [Action<String>] = [
            .append([TestSupport.event("A")], to: "a"), command(.open), command(.close),
        ]
        try await appends(on: racing).append(actions, after: event)
        #expect(try await types("door-1") == ["Opened", "Closed"])
        #expect(try await types("a") == ["A"])
    }

    @Test func actionsAreTheSameWhereTheySayTheSame() {
        #expect(command(.open) == command(.open))
        #expect(command(.open) != command(.close))
        #expect(command(.open) != command(.open, on: "door-2"))
        #expect(Action<String>.append([event("A")], to: "a") != .append([event("A")], to: "b"))
    }
}

/// Does something, once, before the first append.
private actor RacingLog: EventLog {
    private let log: any EventLog
    private var race: (@Sendable (any EventLog) async -> Void)?

    init(_ log: any EventLog, _ race: @escaping @Sendable (any EventLog) async -> Void) {
        self.log = log
        self.race = race
    }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        let race = race
        self.race = nil
        await race?(log)
        return try await log.append(appends)
    }

    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(stream, after: version, limit: limit)
    }

    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(after: position, limit: limit)
    }

    func head() async throws(EventLogError) -> Int64 { try await log.head() }
}

/// Open or closed.
private enum Door: Decider {
    enum Command: Hashable, Sendable { case open, close }
    enum Event: Hashable, Sendable { case opened, closed }
    enum Rejection: Error, Hashable { case already }

    static let initial = false

    static func decide(_ command: Command, _ isOpen: Bool) throws(Rejection) -> [Event] {
        guard isOpen == (command == .close) else { throw .already }
        return [isOpen ? .closed : .opened]
    }

    static func evolve(_ isOpen: Bool, _ event: Event) -> Bool { event == .opened }

    static func encode(_ event: Event) -> NewEvent {
        NewEvent(type: event == .opened ? "Opened" : "Closed", data: [:])
    }

    static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> Event {
        event.type == "Opened" ? .opened : .closed
    }
}
