import EventSourcing

/// What a reaction wants done because of an event.
///
/// All that is appended because of one event is appended in one call of the log, and before any effect is performed.
package enum Action<Effect: Sendable & Hashable>: Hashable, Sendable {
    /// Appends events to a stream. Nothing is done where the stream is closed.
    case append([NewEvent], to: StreamName)
    /// Has a command decided over its stream's state, and appends what follows. Nothing is done where it is rejected or
    /// the stream is closed: what it was about has changed meanwhile.
    case command(StreamCommand)
    /// Acts on the world.
    case perform(Effect)

    package static func command<D: Decider & SendableMetatype>(
        _ command: D.Command, by decider: D.Type, on stream: StreamName
    ) -> Self where D.Command: Hashable {
        .command(StreamCommand(command, by: decider, on: stream))
    }
}

/// A command on one stream, whatever decides it.
package struct StreamCommand: Hashable, Sendable {
    /// What follows from it.
    struct Decision {
        var events: [NewEvent] = []
        var opens: [StreamName] = []
        var closes: [StreamName] = []
        /// Why nothing follows; nil where it was not rejected.
        var rejection: String?
    }

    package let stream: StreamName
    private let command: any Hashable & Sendable
    private let decider: @Sendable ([RecordedEvent]) throws -> Decision

    package init<D: Decider & SendableMetatype>(_ command: D.Command, by _: D.Type, on stream: StreamName)
    where D.Command: Hashable {
        self.stream = stream
        self.command = command
        decider = { history in
            var folded = Folded(D.initial)
            for event in history { try folded.apply(event, by: D.self) }
            let events: [D.Event]
            do { events = try D.decide(command, folded.state) } catch { return Decision(rejection: "\(error)") }
            let lifecycles = events.map { D.lifecycle(of: $0, in: stream) }
            return Decision(
                events: events.map(D.encode), opens: lifecycles.flatMap(\.opens), closes: lifecycles.flatMap(\.closes))
        }
    }

    /// - Parameter history: all events of the stream.
    /// - Throws: `EventDecodingError` where one of them cannot be read.
    func decide(over history: [RecordedEvent]) throws -> Decision { try decider(history) }

    package static func == (left: Self, right: Self) -> Bool {
        left.stream == right.stream && AnyHashable(left.command) == AnyHashable(right.command)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(stream)
        hasher.combine(AnyHashable(command))
    }
}
