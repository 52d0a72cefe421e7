import EventSourcing
import Synchronization
import Testing

@Suite struct StateCacheTests {
    let log = CountingLog(InMemoryEventLog(now: { Timestamp(microseconds: 1_000_000) }))
    let cache = StateCache<Int64>(capacity: 10)
    var handler: CommandHandler<Tally> { CommandHandler(log: log, cache: cache) }

    func raise(
        _ amount: Int64, expecting: Int64? = nil, on stream: StreamName = "tally-1"
    ) async throws -> Handled<Int64> {
        try await handler.handle(.raise(by: amount), on: stream, expecting: expecting, metadata: EventMetadata())
    }

    /// What somebody else, who shares nothing with this process, does.
    func rival(_ events: Tally.Event...) async throws {
        _ = try await log.log.append(Append(to: "tally-1", events: events.map(Tally.encode), closes: []))
    }

    func failure(_ handle: () async throws -> Any) async -> String {
        do { return "\(try await handle())" } catch { return "\(error)" }
    }

    func folded(_ state: Int64, version: Int64) -> Folded<Int64> {
        var folded = Folded(state)
        folded.version = version
        return folded
    }

    @Test func aHotCommandReadsNothing() async throws {
        _ = try await raise(1)
        log.forget()
        for count in 2...20 {
            let handled = try await raise(1)
            #expect(handled.folded.state == Int64(count))
            #expect(handled.folded.version == Int64(count))
        }
        #expect(log.counts == CountingLog.Counts(reads: 0, appends: 19))
    }

    @Test func aHotCommandWithTheRightVersionReadsNothing() async throws {
        _ = try await raise(1)
        log.forget()
        _ = try await raise(1, expecting: 1)
        #expect(log.counts == CountingLog.Counts(reads: 0, appends: 1))
    }

    @Test func aConflictReloadsAndIsDecidedAgain() async throws {
        _ = try await raise(1)
        try await rival(.raised(10), .raised(100))
        log.forget()
        let handled = try await raise(1)
        #expect(handled.folded.state == 112)
        #expect(handled.folded.version == 4)
        #expect(log.counts == CountingLog.Counts(reads: 1, appends: 2))
        log.forget()
        _ = try await raise(1)
        #expect(log.counts == CountingLog.Counts(reads: 0, appends: 1))
    }

    @Test func whatAppendsNothingIsDecidedOverWhatCameSince() async throws {
        _ = try await raise(1)
        try await rival(.raised(10))
        log.forget()
        let handled = try await raise(0)
        #expect(handled.position == nil)
        #expect(handled.folded.state == 11)
        #expect(handled.folded.version == 2)
        // The event that was known and the one that came.
        #expect(log.eventsRead == 2)
        #expect(log.counts == CountingLog.Counts(reads: 1, appends: 0))
    }

    @Test func aRejectionIsGivenOverTheNewestState() async throws {
        let limited = CommandHandler<LimitedTally>(log: log, cache: StateCache(capacity: 10))
        func add(_ amount: Int64) async throws -> Handled<Int64> {
            try await limited.handle(amount, on: "tally-1", metadata: EventMetadata())
        }
        _ = try await add(9)
        #expect(await failure { try await add(2) }.hasSuffix("over(9))"))
        try await rival(.raised(-5))
        // The cached state still says no.
        let handled = try await add(2)
        #expect(handled.folded.state == 6)
        try await rival(.raised(3))
        #expect(await failure { try await add(2) }.hasSuffix("over(9))"))
    }

    @Test func aStaleCacheNeitherRefusesNorAcceptsAVersionWrongly() async throws {
        _ = try await raise(1)
        try await rival(.raised(10))
        #expect(await failure { try await raise(1, expecting: 1) } == "stale(actual: 2)")
        try await rival(.raised(10))
        #expect(try await raise(1, expecting: 3).folded.state == 22)
        try await rival(.raised(10))
        // Nothing to change, but the version that the caller saw is gone: the same answer as without a cache.
        #expect(await failure { try await raise(0, expecting: 4) } == "stale(actual: 5)")
        #expect(try await raise(0, expecting: 5).folded.state == 32)
        #expect(await failure { try await raise(1, expecting: 9) } == "stale(actual: 5)")
    }

    @Test func aClosedStreamStaysClosed() async throws {
        _ = try await raise(1)
        _ = try await log.log.append(Append(to: "tally-1", events: [Tally.encode(.sealed)], closes: ["tally-1"]))
        #expect(await failure { try await raise(1) } == "closed")
        #expect(await failure { try await raise(1) } == "closed")
    }

    /// As after a fail-over to a replica that lacked the end of the log.
    @Test func aHistoryThatWentBackIsReadAnew() async throws {
        _ = try await raise(1)
        _ = try await raise(2)
        let older = InMemoryEventLog(now: { Timestamp(microseconds: 2_000_000) })
        for amount: Int64 in [1, 50] {
            _ = try await older.append(Append(to: "tally-1", events: [Tally.encode(.raised(amount))]))
        }
        let handler = CommandHandler<Tally>(log: older, cache: cache)
        let unchanged = try await handler.handle(.raise(by: 0), on: "tally-1", metadata: EventMetadata())
        #expect(unchanged.folded.state == 51)
    }

    @Test func concurrentCommandsLoseNothing() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let handler = CommandHandler<Tally>(log: log, cache: cache, maximumAttempts: .max)
            for index in 0..<200 {
                let stream: StreamName = index.isMultiple(of: 2) ? "tally-even" : "tally-odd"
                group.addTask {
                    _ = try await handler.handle(.raise(by: 1), on: stream, metadata: EventMetadata())
                }
            }
            try await group.waitForAll()
        }
        #expect(try await raise(0, on: "tally-even").folded.state == 100)
        #expect(try await raise(0, on: "tally-odd").folded.state == 100)
    }

    @Test func streamsThatAreNotThereTakeNoRoom() async throws {
        for index in 0..<5 { _ = try await handler.load(StreamName("none-\(index)")) }
        #expect(cache.count == 0)
    }

    @Test func aCacheIsBoundedAndKeepsWhatWasUsedLast() {
        let cache = StateCache<Int64>(capacity: 10)
        cache.keep(folded(7, version: 1), for: "favourite")
        for index in 0..<100 {
            cache.keep(folded(Int64(index), version: 1), for: StreamName("s-\(index)"))
            #expect(cache.count <= 10)
            #expect(cache["favourite"]?.state == 7)
        }
        for index in 96..<100 { #expect(cache[StreamName("s-\(index)")]?.state == Int64(index)) }
        #expect(cache["s-80"] == nil)
    }

    @Test func anOlderStateDoesNotReplaceANewerOne() {
        cache.keep(folded(2, version: 2), for: "s")
        cache.keep(folded(1, version: 1), for: "s")
        #expect(cache["s"]?.state == 2)
        cache.drop("s")
        #expect(cache["s"] == nil)
        #expect(cache.count == 0)
    }
}

/// Counts what is asked of a log.
final class CountingLog: EventLog {
    struct Counts: Equatable {
        var reads = 0
        var appends = 0
    }

    let log: InMemoryEventLog
    private let state = Mutex((counts: Counts(), eventsRead: 0))

    init(_ log: InMemoryEventLog) { self.log = log }

    var counts: Counts { state.withLock { $0.counts } }
    var eventsRead: Int { state.withLock { $0.eventsRead } }

    func forget() { state.withLock { $0 = (Counts(), 0) } }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        state.withLock { $0.counts.appends += 1 }
        return try await log.append(appends)
    }

    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        let events = try await log.read(stream, after: version, limit: limit)
        state.withLock { state in
            state.counts.reads += 1
            state.eventsRead += events.count
        }
        return events
    }

    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(after: position, limit: limit)
    }

    func head() async throws(EventLogError) -> Int64 { try await log.head() }
}

/// A number that may be raised to ten at most.
private enum LimitedTally: Decider {
    enum Rejection: Error { case over(Int64) }

    static let initial: Int64 = 0

    static func decide(_ amount: Int64, _ state: Int64) throws(Rejection) -> [Tally.Event] {
        if state + amount > 10 { throw .over(state) }
        return [.raised(amount)]
    }

    static func evolve(_ state: Int64, _ event: Tally.Event) -> Int64 { Tally.evolve(state, event) }
    static func encode(_ event: Tally.Event) -> NewEvent { Tally.encode(event) }
    static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> Tally.Event { try Tally.decode(event) }
}

/// A log whose history changes, unnoticed until something is appended.
private actor ReplacedLog: EventLog {
    private var current: InMemoryEventLog
    private var next: InMemoryEventLog?
    private let known: Mutex<HistoryToken>

    init(_ log: InMemoryEventLog) {
        current = log
        known = Mutex(HistoryToken(1))
    }

    nonisolated var history: HistoryToken { known.withLock(\.self) }

    func replace(by log: InMemoryEventLog) { next = log }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        if let next {
            current = next
            self.next = nil
            known.withLock { $0 = HistoryToken($0.number + 1) }
        }
        for append in appends where append.history.map({ $0 != history }) ?? false { throw .historyChanged }
        return try await current.append(appends)
    }

    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await current.read(stream, after: version, limit: limit)
    }

    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await current.read(after: position, limit: limit)
    }

    func head() async throws(EventLogError) -> Int64 { try await current.head() }
}

@Suite struct HistoryOfStatesTests {
    private static func log(_ amounts: Int64...) async throws -> InMemoryEventLog {
        let log = InMemoryEventLog(now: { Timestamp(microseconds: 1_000_000) })
        for amount in amounts {
            _ = try await log.append(Append(to: "tally-1", events: [Tally.encode(.raised(amount))]))
        }
        return log
    }

    /// The versions are the same, what they stand for is not.
    @Test func aStateOfAnotherHistoryIsNotConfirmedByItsVersion() async throws {
        let log = ReplacedLog(try await Self.log(1))
        let handler = CommandHandler<Tally>(log: log, cache: StateCache(capacity: 10))
        let lost = try await handler.handle(.raise(by: 2), on: "tally-1", metadata: EventMetadata())
        #expect(lost.folded.state == 3)
        await log.replace(by: try await Self.log(1, 50))
        let handled = try await handler.handle(.raise(by: 4), on: "tally-1", expecting: 2, metadata: EventMetadata())
        #expect(handled.folded.version == 3)
        #expect(handled.folded.state == 55)
        let after = try await handler.handle(.raise(by: 1), on: "tally-1", metadata: EventMetadata())
        #expect(after.folded.state == 56)
    }

    @Test func aCommandThatRestsOnAHistoryIsRefusedUnderAnother() async throws {
        let log = ReplacedLog(try await Self.log(1))
        let handler = CommandHandler<Tally>(log: log, cache: StateCache(capacity: 10))
        let history = log.history
        await log.replace(by: try await Self.log(1))
        do {
            _ = try await handler.handle(.raise(by: 4), on: "tally-1", metadata: EventMetadata(), in: history)
            Issue.record("it was appended")
        } catch {
            guard case .log(.historyChanged) = error else { throw error }
        }
        #expect(try await log.head() == 1)
    }

    @Test func aStateThatCameLateIsOfItsOwnHistory() {
        let cache = StateCache<Int64>(capacity: 10)
        var folded = Folded<Int64>(7)
        folded.version = 3
        #expect(cache["a", of: HistoryToken(2)] == nil)
        cache.keep(folded, for: "a", of: HistoryToken(1))
        #expect(cache["a", of: HistoryToken(2)] == nil)
        #expect(cache["a", of: HistoryToken(1)] == nil)
        cache.keep(folded, for: "a", of: HistoryToken(2))
        #expect(cache["a", of: HistoryToken(2)]?.state == 7)
    }
}
