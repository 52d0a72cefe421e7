/// A stream's state at one version, with who made its first and its last event.
package struct Folded<State: Sendable>: Sendable {
    package var state: State
    /// 0 before the first event.
    package var version: Int64 = 0
    package var created: EventStamp?
    package var updated: EventStamp?

    package init(_ state: State) { self.state = state }

    /// Folds the stream's next event.
    package mutating func apply<D: Decider>(
        _ event: RecordedEvent, by _: D.Type
    ) throws(EventDecodingError) where D.State == State {
        let decoded = try D.decode(event)
        // Metadata that cannot be read names no actor; the state does not depend on it.
        let actor = (try? JSON.parse(event.metadata)).flatMap { EventMetadata($0).actor }
        let stamp = EventStamp(position: event.position, recordedAt: event.recordedAt, actor: actor)
        state = D.evolve(state, decoded)
        version = event.version
        created = created ?? stamp
        updated = stamp
    }
}

/// When an event was recorded, where, and by whom.
package struct EventStamp: Hashable, Sendable {
    package let position: Int64
    package let recordedAt: Timestamp
    package let actor: String?

    package init(position: Int64, recordedAt: Timestamp, actor: String?) {
        self.position = position
        self.recordedAt = recordedAt
        self.actor = actor
    }
}

/// What became of a command that was not rejected.
package struct Handled<State: Sendable>: Sendable {
    package let folded: Folded<State>
    /// The last position written; nil where the command changed nothing.
    package let position: Int64?
}

package enum CommandError<Rejection: Error & Sendable>: Error {
    case rejected(Rejection)
    /// The caller expected another version of the stream.
    case stale(actual: Int64)
    /// The stream takes no more events.
    case closed
    /// Others changed the stream again and again while this command was being decided.
    case contended
    case unreadable(EventDecodingError)
    case log(EventLogError)
    /// The state, which is not folded from events (`CommandHandler.Reading`), could not be read.
    case unread(any Error)
}

/// Decides a command over a stream's state and appends what follows under optimistic locking.
///
/// With a cache, a command on a stream that was used before reads nothing: the append confirms that the state was the
/// current one, and what appends nothing (a rejection, a stale version, nothing to change) is decided again over the
/// events that came since.
///
/// A version does not tell two histories of a log apart: states are remembered of one history, and what is decided over
/// one is appended under it only. Where the history has changed meanwhile, the command is decided again.
package struct CommandHandler<D: Decider>: Sendable {
    /// Reads a stream's state elsewhere than from its events, such as from sums that the database makes of them: as it is
    /// now or, where a position is given, as it was then.
    package typealias Reading = @Sendable (_ upTo: Int64?) async throws -> Folded<D.State>

    private let log: any EventLog
    private let cache: StateCache<D.State>?
    private let maximumAttempts: Int
    private let reading: Reading?

    package init(log: any EventLog, cache: StateCache<D.State>? = nil, maximumAttempts: Int = 10) {
        self.log = log
        self.cache = cache
        self.maximumAttempts = maximumAttempts
        reading = nil
    }

    /// For the commands on one stream, which exists, over a state that is read with its version. Nothing is remembered.
    package init(log: any EventLog, maximumAttempts: Int = 10, reading: @escaping Reading) {
        self.log = log
        self.maximumAttempts = maximumAttempts
        self.reading = reading
        cache = nil
    }

    /// - Parameter expectedVersion: the version that the caller has seen. Without one, a command that lost a race is
    ///   decided again over the newer state.
    ///
    /// A command whose request was done before (`RequestClaim.Done`) is not decided again: what it came to is its
    /// stream's state as it was then, whichever stream is named here.
    /// - Parameter history: the history that the command itself rests on; under another one it fails with
    ///   `EventLogError.historyChanged`.
    package func handle(
        _ command: D.Command, on stream: StreamName, expecting expectedVersion: Int64? = nil, metadata: EventMetadata,
        in history: HistoryToken? = nil
    ) async throws(CommandError<D.Rejection>) -> Handled<D.State> {
        if let done = metadata.request?.done, case .appended(let appended)? = done.outcomes.first {
            return Handled(
                folded: try await past(done.stream, after: appended), position: appended.positions.upperBound)
        }
        let expected = Expectation(version: expectedVersion, history: history)
        let now = history ?? log.history
        if let cached = cache?[stream, of: now],
            let events = try? decide(command, cached, expecting: expectedVersion), !events.isEmpty,
            let handled = try await append(events, to: stream, over: cached, in: now, expected, metadata)
        {
            return handled
        }
        for _ in 0..<maximumAttempts {
            let now = history ?? log.history
            let folded = try await load(stream, in: now)
            let events = try decide(command, folded, expecting: expectedVersion)
            if events.isEmpty { return Handled(folded: folded, position: nil) }
            if let handled = try await append(events, to: stream, over: folded, in: now, expected, metadata) {
                return handled
            }
        }
        throw .contended
    }

    /// The stream's state as this process saw it last, perhaps long ago; nil where it remembers none. Reads nothing.
    package func remembered(_ stream: StreamName) -> Folded<D.State>? { cache?[stream, of: log.history] }

    /// What the caller of a command expects of the log, as far as it does.
    private struct Expectation {
        let version: Int64?
        let history: HistoryToken?
    }

    /// The stream's state as the log has it now.
    package func load(_ stream: StreamName) async throws(CommandError<D.Rejection>) -> Folded<D.State> {
        try await load(stream, in: log.history)
    }

    private func load(
        _ stream: StreamName, in history: HistoryToken
    ) async throws(CommandError<D.Rejection>) -> Folded<D.State> {
        if let reading { return try await read(reading) }
        let folded: Folded<D.State>
        if let cached = cache?[stream, of: history], let events = try await events(of: stream, since: cached) {
            folded = try fold(events, over: cached)
        } else {
            folded = try fold(try await readAll(stream, after: 0), over: Folded(D.initial))
        }
        keep(folded, for: stream, of: history)
        return folded
    }

    private func past(
        _ stream: StreamName, after appended: Appended
    ) async throws(CommandError<D.Rejection>) -> Folded<D.State> {
        guard let reading else {
            let events = try await readAll(stream, after: 0)
            return try fold(events.prefix { $0.version <= appended.version }, over: Folded(D.initial))
        }
        let count = appended.positions.count
        let before = try await read(reading, upTo: appended.positions.lowerBound - 1)
        let events: [RecordedEvent]
        do { events = try await log.read(stream, after: appended.version - Int64(count), limit: count) } catch {
            throw .log(error)
        }
        return try fold(events, over: before)
    }

    private func read(
        _ reading: Reading, upTo position: Int64? = nil
    ) async throws(CommandError<D.Rejection>) -> Folded<D.State> {
        do { return try await reading(position) } catch { throw .unread(error) }
    }

    /// What came after a state that was cached; nil where the log holds another history than the one it was folded
    /// from, as after a fail-over to a replica that lacked the end.
    private func events(
        of stream: StreamName, since cached: Folded<D.State>
    ) async throws(CommandError<D.Rejection>) -> ArraySlice<RecordedEvent>? {
        let events = try await readAll(stream, after: cached.version - 1)
        guard let known = events.first, known.version == cached.version, known.position == cached.updated?.position,
            known.recordedAt == cached.updated?.recordedAt
        else {
            cache?.drop(stream)
            return nil
        }
        return events.dropFirst()
    }

    private func keep(_ folded: Folded<D.State>, for stream: StreamName, of history: HistoryToken) {
        if folded.version > 0 { cache?.keep(folded, for: stream, of: history) }
    }

    private func fold(
        _ events: some Sequence<RecordedEvent>, over start: Folded<D.State>
    ) throws(CommandError<D.Rejection>) -> Folded<D.State> {
        var folded = start
        for event in events {
            do { try folded.apply(event, by: D.self) } catch { throw .unreadable(error) }
        }
        return folded
    }

    private func decide(
        _ command: D.Command, _ folded: Folded<D.State>, expecting expectedVersion: Int64?
    ) throws(CommandError<D.Rejection>) -> [D.Event] {
        if let expectedVersion, expectedVersion != folded.version { throw .stale(actual: folded.version) }
        do { return try D.decide(command, folded.state) } catch { throw .rejected(error) }
    }

    /// Appends what was decided over `folded`; nil where that is no longer the stream's state and the command may be
    /// decided again.
    private func append(
        _ events: [D.Event], to stream: StreamName, over folded: Folded<D.State>, in history: HistoryToken,
        _ expected: Expectation, _ metadata: EventMetadata
    ) async throws(CommandError<D.Rejection>) -> Handled<D.State>? {
        let lifecycles = events.map { D.lifecycle(of: $0, in: stream) }
        let append = Append(
            to: stream,
            expecting: folded.version == 0 && reading == nil ? .noStream : .exact(folded.version),
            events: events.map(D.encode),
            metadata: metadata,
            opens: lifecycles.flatMap(\.opens),
            closes: lifecycles.flatMap(\.closes),
            history: history
        )
        let outcome: AppendOutcome
        do { outcome = try await log.append(append) } catch {
            if error == .historyChanged, expected.history == nil { return nil }
            throw .log(error)
        }
        switch outcome {
        case .appended(let appended):
            let stamp = { (position: Int64) in
                EventStamp(position: position, recordedAt: appended.recordedAt, actor: metadata.actor)
            }
            var next = folded
            next.state = events.reduce(folded.state, D.evolve)
            next.version = appended.version
            next.created = folded.created ?? stamp(appended.positions.lowerBound)
            next.updated = stamp(appended.positions.upperBound)
            keep(next, for: stream, of: history)
            return Handled(folded: next, position: appended.positions.upperBound)
        case .conflict(let actual):
            cache?.drop(stream)
            if expected.version != nil { throw .stale(actual: actual) }
            return nil
        case .closed, .missing, .duplicate:
            cache?.drop(stream)
            throw .closed
        }
    }

    private func readAll(
        _ stream: StreamName, after version: Int64
    ) async throws(CommandError<D.Rejection>) -> [RecordedEvent] {
        do { return try await log.readAll(stream, after: version) } catch { throw .log(error) }
    }
}
