import Counting
import EventSourcing
import Logging

/// Appends what a reaction wants appended because of one event: exactly once, however often it is asked to.
///
/// The producer is named after the reaction and its sequence is the event's position, so a stream takes what follows from
/// an event once. That is one append for each stream: what several actions append to the same stream is joined, commands
/// decided one after another. All go into one call of the log.
struct EventAppends {
    let reaction: ReactionName
    let log: any EventLog
    let logger: Logger

    /// Others may change a stream again and again while a command on it is decided.
    private static let maximumAttempts = 10

    struct Contended: Error, CustomStringConvertible {
        let description = "others changed the streams again and again while commands on them were decided"
    }

    /// - Throws: `EventLogError`; `EventDecodingError` where a command's stream cannot be read; `Contended`.
    func append<Effect>(_ actions: [Action<Effect>], after event: RecordedEvent) async throws {
        let metadata = Self.metadata(after: event)
        for _ in 0..<Self.maximumAttempts {
            let appends = try await plan(actions, after: event, metadata)
            if appends.isEmpty { return }
            let outcomes = try await log.append(appends)
            // What was appended already answers as a duplicate when all are retried.
            let isContended = outcomes.contains { if case .conflict = $0 { true } else { false } }
            if !isContended { return }
        }
        throw Contended()
    }

    private static func metadata(after event: RecordedEvent) -> EventMetadata {
        // Metadata that cannot be read says nothing that must be handed on.
        let cause = (try? JSON.parse(event.metadata)).map { EventMetadata($0) }
        return EventMetadata(
            actor: EventMetadata.ownActor, correlationID: cause?.correlationID, causationID: String(event.position))
    }

    /// One append for each stream that something is appended to, in the order in which they are first named.
    private func plan<Effect>(
        _ actions: [Action<Effect>], after event: RecordedEvent, _ metadata: EventMetadata
    ) async throws -> [Append] {
        let history = log.history
        var streams: [StreamName] = []
        var plans: [StreamName: StreamPlan] = [:]
        for action in actions {
            let stream: StreamName
            switch action {
            case .perform: continue
            case .append(_, let name): stream = name
            case .command(let command): stream = command.stream
            }
            if plans[stream] == nil { streams.append(stream) }
            var plan = plans[stream] ?? StreamPlan(stream: stream)
            switch action {
            case .perform: continue
            case .append(let events, _): plan.add(events, at: event.recordedAt)
            case .command(let command):
                if plan.past == nil { plan.read(try await log.readAll(stream), at: event.recordedAt) }
                if let rejection = try plan.add(command, at: event.recordedAt) {
                    logger.info(
                        "a reaction's command was rejected",
                        metadata: [
                            "reaction": "\(reaction)", "position": "\(event.position)", "stream": "\(stream)",
                            "reason": "\(rejection)",
                        ])
                }
            }
            plans[stream] = plan
        }
        let producer = ProducerSequence(source: reaction.source, sequence: event.position)
        return streams.compactMap { plans[$0]?.append(by: producer, metadata, in: history) }
    }
}

/// What is appended to one stream because of one event.
private struct StreamPlan {
    let stream: StreamName
    /// What the stream holds; nil where nobody needs to know.
    private(set) var past: [RecordedEvent]?
    private var events: [NewEvent] = []
    private var opens: [StreamName] = []
    private var closes: [StreamName] = []
    /// The stream's version as it was read.
    private var version: Int64 = 0

    init(stream: StreamName) { self.stream = stream }

    mutating func read(_ recorded: [RecordedEvent], at time: Timestamp) {
        version = recorded.last?.version ?? 0
        past = recorded
        let earlier = events
        events = []
        add(earlier, at: time)
    }

    mutating func add(_ new: [NewEvent], at time: Timestamp) {
        events += new
        // As far as a later command of the same event is concerned, they have happened.
        for event in new {
            let version = (past?.last?.version ?? 0) + 1
            past?.append(
                RecordedEvent(
                    position: 0, stream: stream, version: version, type: event.type,
                    schemaVersion: event.schemaVersion, data: event.data, metadata: Array("{}".utf8), recordedAt: time))
        }
    }

    /// - Returns: why the command was rejected; nil where it was not.
    mutating func add(_ command: StreamCommand, at time: Timestamp) throws -> String? {
        let decision = try command.decide(over: past ?? [])
        add(decision.events, at: time)
        opens += decision.opens
        closes += decision.closes
        return decision.rejection
    }

    func append(
        by producer: ProducerSequence, _ metadata: EventMetadata, in history: HistoryToken
    ) -> Append? {
        if events.isEmpty { return nil }
        let isDecided = past != nil
        let expected: ExpectedVersion = !isDecided ? .any : version == 0 ? .noStream : .exact(version)
        return Append(
            to: stream, expecting: expected, producer: producer, events: events, metadata: metadata, opens: opens,
            closes: closes, history: isDecided ? history : nil)
    }
}
