import EventSourcing
import Synchronization
import Testing

@Suite struct CommandHandlerTests {
    let log = InMemoryEventLog(now: { Timestamp(microseconds: 1_000_000) })
    var handler: CommandHandler<Tally> { CommandHandler(log: log) }

    func handle(_ command: Tally.Command, expecting: Int64? = nil, actor: String? = nil) async throws -> Handled<Int64>
    {
        try await handler.handle(command, on: "tally-1", expecting: expecting, metadata: EventMetadata(actor: actor))
    }

    func stamp(_ position: Int64, _ actor: String?) -> EventStamp {
        EventStamp(position: position, recordedAt: Timestamp(microseconds: 1_000_000), actor: actor)
    }

    /// The error that handling ends in.
    func failure(_ handle: () async throws -> Any) async -> String {
        do { return "\(try await handle())" } catch { return "\(error)" }
    }

    @Test func commandAppendsAndFolds() async throws {
        let first = try await handle(.raise(by: 2), actor: "anna")
        #expect(first.folded.state == 2)
        #expect(first.folded.version == 1)
        #expect(first.position == 1)
        let second = try await handle(.raise(by: 3), actor: "ben")
        #expect(second.folded.state == 5)
        #expect(second.folded.version == 2)
        #expect(second.folded.created == stamp(1, "anna"))
        #expect(second.folded.updated == stamp(2, "ben"))
        #expect(try await log.readAll("tally-1").map(\.type) == ["Raised", "Raised"])
    }

    @Test func answerOfACommandIsWhatLoadingGives() async throws {
        _ = try await handle(.raise(by: 2), actor: "anna")
        let handled = try await handle(.raise(by: 3))
        let loaded = try await handler.load("tally-1")
        #expect(loaded.state == handled.folded.state)
        #expect(loaded.version == handled.folded.version)
        #expect(loaded.created == handled.folded.created)
        #expect(loaded.updated == handled.folded.updated)
    }

    /// A handler whose state is the sum of what an earlier look found, read from elsewhere than the events.
    private func summing(_ meanwhile: @escaping @Sendable (Int) async throws -> Void) -> CommandHandler<Tally> {
        let looks = Mutex(0)
        return CommandHandler(log: log, maximumAttempts: 3) { [log] position in
            let events = try await log.readAll("tally-1").filter { $0.position <= position ?? .max }
            var folded = Folded(Tally.initial)
            for event in events { try folded.apply(event, by: Tally.self) }
            try await meanwhile(
                looks.withLock { looks in
                    looks += 1
                    return looks
                })
            return folded
        }
    }

    @Test func aStateThatIsReadElsewhereIsDecidedOnAgainWhereTheStreamWentOn() async throws {
        _ = try await handle(.raise(by: 1))
        let summing = summing { [self] look in
            if look == 1 { _ = try await handle(.raise(by: 10)) }
        }
        let handled = try await summing.handle(.raise(by: 100), on: "tally-1", metadata: EventMetadata())
        #expect(handled.folded.state == 111)
        #expect(handled.folded.version == 3)
        let busy = self.summing { [self] _ in _ = try await handle(.raise(by: 1)) }
        #expect(
            await failure { try await busy.handle(.raise(by: 1), on: "tally-1", metadata: EventMetadata()) }
                == "contended")
    }

    @Test func aRequestThatWasDoneIsAnsweredFromTheStateBeforeItAndItsEvents() async throws {
        _ = try await handle(.raise(by: 1))
        guard
            case .appended(let appended) = try await log.append(
                Append(
                    to: "tally-1", expecting: .exact(1), events: [Tally.encode(.raised(5))], metadata: EventMetadata()))
        else {
            Issue.record("not appended")
            return
        }
        _ = try await handle(.raise(by: 100))
        let claim = RequestClaim(
            id: "k", number: 1, done: RequestClaim.Done(stream: "tally-1", outcomes: [.appended(appended)]))
        let handled = try await summing { _ in }.handle(
            .raise(by: 5), on: "tally-1", metadata: EventMetadata(request: claim))
        #expect(handled.folded.state == 6)
        #expect(handled.position == appended.positions.upperBound)
        #expect(try await log.head() == 3)
    }

    @Test func commandThatChangesNothingAppendsNothing() async throws {
        let handled = try await handle(.raise(by: 0))
        #expect(handled.position == nil)
        #expect(handled.folded.version == 0)
        #expect(handled.folded.created == nil)
        #expect(try await log.head() == 0)
    }

    @Test func rejectionAppendsNothing() async throws {
        #expect(
            await failure { try await handle(.raise(by: -1)) }
                == "rejected(EventSourcingTests.Tally.Rejection.negative)")
        #expect(try await log.head() == 0)
    }

    @Test func severalEventsGoTogether() async throws {
        _ = try await handle(.raise(by: 1))
        let handled = try await handle(.seal)
        #expect(handled.folded.state == 2)
        #expect(handled.folded.version == 3)
        #expect(handled.position == 3)
    }

    @Test func lifecycleReachesTheLog() async throws {
        _ = try await handle(.raise(by: 1))
        let sibling = Append(to: "sibling-1", expecting: .exists, events: [NewEvent(type: "Seen", data: [:])])
        guard case .appended = try await log.append(sibling) else {
            Issue.record("the stream should have been opened")
            return
        }
        _ = try await handle(.seal)
        #expect(await failure { try await handle(.raise(by: 1)) } == "closed")
    }

    @Test func expectedVersionIsChecked() async throws {
        _ = try await handle(.raise(by: 1))
        #expect(await failure { try await handle(.raise(by: 1), expecting: 0) } == "stale(actual: 1)")
        #expect(await failure { try await handle(.raise(by: 0), expecting: 7) } == "stale(actual: 1)")
        #expect(try await handle(.raise(by: 1), expecting: 1).folded.version == 2)
    }

    @Test func lostRaceIsDecidedAgain() async throws {
        let racing = RacingLog(log: log, rivals: 2)
        let handled = try await CommandHandler<Tally>(log: racing)
            .handle(.raise(by: 1), on: "tally-1", metadata: EventMetadata())
        #expect(handled.folded.state == 201)
        #expect(handled.folded.version == 3)
    }

    @Test func lostRaceIsStaleForACallerWithAVersion() async throws {
        let racing = RacingLog(log: log, rivals: 1)
        let handler = CommandHandler<Tally>(log: racing)
        let failure = await failure {
            try await handler.handle(.raise(by: 1), on: "tally-1", expecting: 0, metadata: EventMetadata())
        }
        #expect(failure == "stale(actual: 1)")
    }

    @Test func endlessRaceIsGivenUp() async throws {
        let racing = RacingLog(log: log, rivals: .max)
        let handler = CommandHandler<Tally>(log: racing, maximumAttempts: 3)
        let failure = await failure {
            try await handler.handle(.raise(by: 1), on: "tally-1", metadata: EventMetadata())
        }
        #expect(failure == "contended")
        #expect(try await log.head() == 3)
    }

    @Test func unreadableEventIsNamed() async throws {
        _ = try await log.append(Append(to: "tally-1", events: [NewEvent(type: "Raised", data: [:])]))
        let failure = await failure { try await handle(.raise(by: 1)) }
        #expect(failure == "unreadable(Raised version 1 at position 1 cannot be read: by is missing)")
    }

    @Test func failureOfTheLogIsPassedOn() async throws {
        let handler = CommandHandler<Tally>(log: BrokenLog())
        let failure = await failure {
            try await handler.handle(.raise(by: 1), on: "tally-1", metadata: EventMetadata())
        }
        #expect(failure == "log(EventSourcing.EventLogError.overloaded)")
    }
}

/// A log in which somebody else is always a moment faster, `rivals` times.
private actor RacingLog: EventLog {
    private let log: InMemoryEventLog
    private var rivals: Int

    init(log: InMemoryEventLog, rivals: Int) {
        self.log = log
        self.rivals = rivals
    }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        if rivals > 0 {
            rivals -= 1
            _ = try await log.append(Append(to: "tally-1", events: [Tally.encode(.raised(100))]))
        }
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

/// A log with a full queue.
private struct BrokenLog: EventLog {
    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] { throw .overloaded }
    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        []
    }
    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] { [] }
    func head() async throws(EventLogError) -> Int64 { 0 }
}
