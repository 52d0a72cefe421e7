/// An append-only log of events in streams.
///
/// Positions number all events of the log 1, 2, 3 … without a gap, in the order in which their appends committed: a
/// reader that has seen position N has seen all up to N. Versions number the events of one stream likewise.
/// Implementations pass the same suite of tests.
package protocol EventLog: Sendable {
    /// Decides each append for itself and in the order given: a loser never aborts the others.
    ///
    /// Outcomes come in the order of the appends. All that is appended by one call is durable when it returns, and
    /// becomes visible at once. Appends of one call see the effects of those before them.
    ///
    /// Where the appends belong to a request (`EventMetadata.request`), what they came to is noted with them if any was
    /// appended, and they are appended once: a call whose request has done so already comes to the same again.
    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome]

    /// The events of a stream with a version above `version`, oldest first, at most `limit`.
    /// A stream that does not exist has none.
    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent]

    /// The events of the whole log with a position above `position`, in order, at most `limit`.
    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent]

    /// The events at these positions, in order; none for a position that the log has not come to.
    func read(at positions: [Int64]) async throws(EventLogError) -> [RecordedEvent]

    /// The last position that was committed; 0 where the log is empty.
    func head() async throws(EventLogError) -> Int64

    /// When the clock that stamps events was ahead, as far as events were recorded meanwhile. Few, if any.
    func clockJumps() async throws(EventLogError) -> [ClockJump]

    /// Throws where nothing can be appended now, within a few seconds. Cheap however often it is asked.
    func checkWriting() async throws(EventLogError)

    /// The history that the log is known to be on. What was read or remembered under it is to be used under it only: an
    /// append that rests on such (`Append.history`) is refused under another one.
    var history: HistoryToken { get }
}

/// Stands for one history of a log. A log that lost its end to a failover, or was restored, and went on is on another
/// one: the same positions and versions may stand for other events then.
package struct HistoryToken: Hashable, Comparable, Sendable {
    /// From 1, as a process comes to know of them; 0 of a log that has one history only.
    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    package static let only = HistoryToken(0)

    package static func < (one: HistoryToken, other: HistoryToken) -> Bool { one.number < other.number }
}

/// Events that were recorded while the clock was ahead, until it was set right.
package struct ClockJump: Hashable, Sendable {
    package let positions: ClosedRange<Int64>
    /// The right time when that was noticed, with the next event.
    package let endedAt: Timestamp

    package init(positions: ClosedRange<Int64>, endedAt: Timestamp) {
        self.positions = positions
        self.endedAt = endedAt
    }
}

extension [ClockJump] {
    /// When an event came, as far as the order of events goes: never decreases with the position, as `recordedAt` does
    /// where a clock that was ahead is set right.
    package func loggedAt(_ event: RecordedEvent) -> Timestamp {
        reduce(event.recordedAt) { $1.positions.contains(event.position) ? Swift.min($0, $1.endedAt) : $0 }
    }
}

extension EventLog {
    /// A log that is there can be written to.
    package func checkWriting() async throws(EventLogError) {}
}

extension EventLog {
    package var history: HistoryToken { .only }

    package func clockJumps() async throws(EventLogError) -> [ClockJump] { [] }

    package func read(at positions: [Int64]) async throws(EventLogError) -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        for position in Set(positions).sorted() where position > 0 {
            events += try await read(after: position - 1, limit: 1)
        }
        return events
    }

    package func append(_ append: Append) async throws(EventLogError) -> AppendOutcome {
        try await self.append([append])[0]
    }

    /// All of the stream after a version, oldest first, read in pages.
    package func readAll(
        _ stream: StreamName, after version: Int64 = 0
    ) async throws(EventLogError) -> [RecordedEvent] {
        let pageSize = 1000
        var events: [RecordedEvent] = []
        while true {
            let page = try await read(stream, after: events.last?.version ?? version, limit: pageSize)
            events += page
            if page.count < pageSize { return events }
        }
    }
}

extension EventLog {
    /// Gives each event of a stream to `body`, oldest first, until it answers false. Memory is bounded by one page.
    package func scan(
        _ stream: StreamName, _ body: (RecordedEvent) throws -> Bool
    ) async throws {
        let pageSize = 1000
        var version: Int64 = 0
        while true {
            let page = try await read(stream, after: version, limit: pageSize)
            for event in page {
                guard try body(event) else { return }
                version = event.version
            }
            if page.count < pageSize { return }
        }
    }
}

/// Why the log could not do what was asked, apart from what an append's outcome says.
package enum EventLogError: Error, Equatable {
    /// Nothing was written: the log could not be reached, or its store cannot write now. A later retry is safe.
    case unavailable(reason: String)
    /// Nothing was written: another session of the database holds a lock on the log, and went on holding it. A retry
    /// after a pause is safe.
    case blocked(by: String)
    /// Nothing was written: too many appends are waiting. A retry after a pause is safe.
    case overloaded
    /// The connection broke while the append was committing: it is written or it is not. Only a repetition under the
    /// same producer's sequence, or a look at the stream, can tell.
    case unknownOutcome(reason: String)
    /// Nothing was written: the request that the append belongs to was taken over by another attempt, or has appended
    /// already.
    case superseded
    /// Nothing was written: an append rests on another history than the log's. It may be decided again.
    case historyChanged
    /// Nothing was written: an append itself is malformed (no events, an empty name).
    case invalidAppend(reason: String)
    /// Nothing was written: the store refused for a reason that a retry does not mend.
    case storage(reason: String)
}
