/// A stream's state at one version, with who made its first and its last event.
package struct Folded<State: Sendable>: Sendable {
    package var state: State
    /// 0 before the first event.
    package var version: Int64 = 0
    package var created: EventStamp?
    package var updated: EventStamp?

    package init(_ state: State) { self.state = state }
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
}

/// Loads a stream, decides a command over its state and appends what follows under optimistic locking.
package struct CommandHandler<D: Decider>: Sendable {
    private let log: any EventLog
    private let maximumAttempts: Int

    package init(log: any EventLog, maximumAttempts: Int = 10) {
        self.log = log
        self.maximumAttempts = maximumAttempts
    }

    /// - Parameter expectedVersion: the version that the caller has seen. Without one, a command that lost a race is
    ///   decided again over the newer state.
    package func handle(
        _ command: D.Command, on stream: StreamName, expecting expectedVersion: Int64? = nil, metadata: EventMetadata
    ) async throws(CommandError<D.Rejection>) -> Handled<D.State> {
        for _ in 0..<maximumAttempts {
            let folded = try await load(stream)
            if let expectedVersion, expectedVersion != folded.version { throw .stale(actual: folded.version) }
            let events = try decide(command, folded.state)
            if events.isEmpty { return Handled(folded: folded, position: nil) }

            let lifecycles = events.map { D.lifecycle(of: $0, in: stream) }
            let append = Append(
                to: stream,
                expecting: folded.version == 0 ? .noStream : .exact(folded.version),
                events: events.map(D.encode),
                metadata: metadata,
                opens: lifecycles.flatMap(\.opens),
                closes: lifecycles.flatMap(\.closes)
            )
            switch try await perform(append) {
            case .appended(let appended):
                let stamp = { (position: Int64) in
                    EventStamp(position: position, recordedAt: appended.recordedAt, actor: metadata.actor)
                }
                var next = folded
                next.state = events.reduce(folded.state, D.evolve)
                next.version = appended.version
                next.created = folded.created ?? stamp(appended.positions.lowerBound)
                next.updated = stamp(appended.positions.upperBound)
                return Handled(folded: next, position: appended.positions.upperBound)
            case .conflict(let actual):
                if expectedVersion != nil { throw .stale(actual: actual) }
            case .closed, .missing, .duplicate:
                throw .closed
            }
        }
        throw .contended
    }

    /// The stream's state as the log has it now.
    package func load(_ stream: StreamName) async throws(CommandError<D.Rejection>) -> Folded<D.State> {
        var folded = Folded(D.initial)
        for event in try await readAll(stream) {
            let decoded: D.Event
            do { decoded = try D.decode(event) } catch { throw .unreadable(error) }
            // Metadata that cannot be read names no actor; the state does not depend on it.
            let actor = (try? JSON.parse(event.metadata)).flatMap { EventMetadata($0).actor }
            let stamp = EventStamp(position: event.position, recordedAt: event.recordedAt, actor: actor)
            folded.state = D.evolve(folded.state, decoded)
            folded.version = event.version
            folded.created = folded.created ?? stamp
            folded.updated = stamp
        }
        return folded
    }

    private func decide(_ command: D.Command, _ state: D.State) throws(CommandError<D.Rejection>) -> [D.Event] {
        do { return try D.decide(command, state) } catch { throw .rejected(error) }
    }

    private func readAll(_ stream: StreamName) async throws(CommandError<D.Rejection>) -> [RecordedEvent] {
        do { return try await log.readAll(stream) } catch { throw .log(error) }
    }

    private func perform(_ append: Append) async throws(CommandError<D.Rejection>) -> AppendOutcome {
        do { return try await log.append(append) } catch { throw .log(error) }
    }
}
