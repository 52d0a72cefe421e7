import Counting
import EventLog
import EventSourcing
import Logging
import Postgres
import Resilience

/// Runs one reaction for as long as it is this process's turn: follows the log from the reaction's checkpoint, and has its
/// actions done.
///
/// An event's actions are done before the next event is looked at, and the checkpoint moves after them. So after a crash
/// the last event may be acted on again: what it appends is a duplicate then, and its effects happen once more. Should two
/// processes act at the same time, because one does not know yet that it has lost its session, the same holds; and the one
/// that lost it can no longer move the checkpoint.
struct ReactionRunner<R: Reaction>: Sendable {
    static var pageSize: Int { 1000 }

    /// How long to rest after what there was, while events go on coming: three times as long as that took, and 100 ms at
    /// most. So events that come one by one are taken several at a time. The first after a silence is taken at once.
    private static func rest(after work: Duration) -> Duration { min(work * 3, .milliseconds(100)) }

    let reaction: R
    let log: any EventLog
    let target: ConnectionTarget
    let listener: Listener
    let logger: Logger

    init(_ reaction: R, log: any EventLog, on target: ConnectionTarget, listener: Listener, logger: Logger) {
        self.reaction = reaction
        self.log = log
        self.target = target.named("footfall reaction \(reaction.name)", requestTimeout: .seconds(3))
        self.listener = listener
        self.logger = logger
    }

    /// Returns when its task is cancelled, after the event in flight.
    func run() async {
        await retrying("running the reaction \(reaction.name)", longestPause: .seconds(2), logger: logger) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            try await connection.script(ReactionTurn.session)
            let turn = ReactionTurn(reaction: reaction.name, connection: connection)
            let checkpoint = ReactionCheckpoint(reaction: reaction.name, connection: connection)
            try await checkpoint.register(reaction.start, reaction.initial.json)
            guard try await comes(turn) else { return }
            logger.info("running reaction", metadata: ["reaction": "\(reaction.name)"])
            do {
                try await showing(turn) { try await work(checkpoint, turn) }
            } catch is CancellationError {}
            try await turn.giveUp()
            logger.info("gave up reaction", metadata: ["reaction": "\(reaction.name)"])
        }
    }

    /// Waits until it is this process's turn; false where the task is cancelled or the listener stops first.
    private func comes(_ turn: ReactionTurn) async throws -> Bool {
        for await _ in listener.signals(on: Reactions.channel) where try await turn.take() { return true }
        return false
    }

    /// Does `body` while the session shows that it is alive; ends it where the session is lost.
    private func showing(_ turn: ReactionTurn, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in listener.signals(on: Reactions.channel) { try await turn.show() } }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Where a run is.
    private struct Run {
        var position: Int64
        var state: R.State
        /// Where the checkpoint is.
        var saved: Int64
        let skipped: Set<Int64>
        /// The event at which the reaction has stopped.
        let stoppedAt: Int64?
    }

    /// Returns when the task is cancelled or the listener stops.
    private func work(_ checkpoint: ReactionCheckpoint, _ turn: ReactionTurn) async throws {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        var last: Int64?
        while !Task.isCancelled {
            do {
                var run = try await begin(checkpoint)
                return try await follow(&run, checkpoint, turn)
            } catch let stopped as StoppedReaction {
                if try await checkpoint.fail(stopped.reason, at: stopped.event) { report(stopped) }
                if stopped.event.position != last { backoff.reset() }
                last = stopped.event.position
                try await wait(until: .now + backoff.next(), orPast: stopped.event.position, checkpoint)
            } catch  where isLasting(error) {
                _ = try await checkpoint.fail("\(error)", at: nil)
                throw error
            }
        }
    }

    private func begin(_ checkpoint: ReactionCheckpoint) async throws -> Run {
        let place = try await checkpoint.load()
        let state: R.State
        do { state = try R.State(place.state) } catch { throw UnreadableState(reaction: reaction.name, reason: error) }
        let head = try await log.head()
        if head < place.position { throw HistoryWentBack(position: place.position, head: head) }
        if place.hasFailed, place.stoppedAt == nil { try await checkpoint.recover() }
        return Run(
            position: place.position, state: state, saved: place.position, skipped: place.skipped,
            stoppedAt: place.stoppedAt)
    }

    private func follow(_ run: inout Run, _ checkpoint: ReactionCheckpoint, _ turn: ReactionTurn) async throws {
        let pages = Subscription(to: log, after: run.position, listener: listener, pageSize: Self.pageSize)
        for try await page in pages {
            let began = ContinuousClock.now
            for event in page {
                try Task.checkCancellation()
                if event.position == run.stoppedAt {
                    try await turn.withoutSkips {
                        guard try await checkpoint.load().position == run.saved else {
                            throw ReactionCheckpoint.Overtaken(reaction: reaction.name)
                        }
                        try await pass(event, &run, checkpoint)
                        try await save(&run, checkpoint)
                    }
                } else {
                    try await pass(event, &run, checkpoint)
                }
            }
            try await save(&run, checkpoint)
            try? await Task.sleep(for: Self.rest(after: began.duration(to: .now)))  // cancellation ends the loop
        }
    }

    /// - Throws: `StoppedReaction` where the reaction cannot take the event; the checkpoint stands just before it then.
    private func pass(_ event: RecordedEvent, _ run: inout Run, _ checkpoint: ReactionCheckpoint) async throws {
        if run.skipped.contains(event.position) {
            run.position = event.position
            return
        }
        do {
            let actions = try reaction.react(event, run.state)
            let state = try reaction.evolve(run.state, event)
            try await perform(actions, after: event)
            run.position = event.position
            run.state = state
            // What was done to the world is not to be done again.
            if !actions.isEmpty { try await save(&run, checkpoint) }
        } catch {
            guard run.position < event.position,
                let stopped = StoppedReaction(error, at: event, of: reaction.name)
            else { throw error }
            try await save(&run, checkpoint)
            throw stopped
        }
    }

    private func perform(_ actions: [Action<R.Effect>], after event: RecordedEvent) async throws {
        try await EventAppends(reaction: reaction.name, log: log, logger: logger).append(actions, after: event)
        let effects = actions.compactMap { if case .perform(let effect) = $0 { effect } else { nil } }
        for (index, effect) in effects.enumerated() {
            try await reaction.perform(
                effect, id: EffectID(reaction: reaction.name, position: event.position, index: index))
        }
    }

    private func save(_ run: inout Run, _ checkpoint: ReactionCheckpoint) async throws {
        guard run.position > run.saved else { return }
        try await checkpoint.save(run.position, run.state.json, from: run.saved)
        run.saved = run.position
    }

    /// Waits until then, or until the checkpoint is past the event, which was skipped.
    private func wait(
        until end: ContinuousClock.Instant, orPast position: Int64, _ checkpoint: ReactionCheckpoint
    ) async throws {
        for await _ in listener.signals(on: Reactions.channel) {
            if ContinuousClock.now >= end { return }
            if try await checkpoint.load().position >= position { return }
        }
        throw CancellationError()
    }

    private func report(_ stopped: StoppedReaction) {
        logger.error(
            "reaction stopped at an event that it cannot take",
            metadata: [
                "reaction": "\(reaction.name)", "position": "\(stopped.event.position)",
                "type": "\(stopped.event.type)", "stream": "\(stopped.event.stream)", "reason": "\(stopped.reason)",
            ])
    }
}

/// What a reaction has kept cannot be read by this release.
struct UnreadableState: Error, CustomStringConvertible {
    let reaction: ReactionName
    let reason: any Error

    var description: String { "what the reaction \(reaction) remembers cannot be read by this release: \(reason)" }
}
