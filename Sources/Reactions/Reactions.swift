import Counting
import EventLog
import EventSourcing
import Logging
import Metrics
import Postgres

/// Runs every reaction of a release, each independent of the others' failures and at a time in one of the processes on the
/// same database.
package struct Reactions: Sendable {
    static let channel = "footfall_reactions"

    /// The channels on which the database says that there is something to do.
    package static let channels = [eventsChannel, channel]

    private let runs: [@Sendable () async -> Void]
    private let gauges: ReactionGauges

    /// - Parameter listener: must listen to `Reactions.channels`. Its poll interval, a second or less, is how often the
    ///   process shows that it is alive.
    package init(
        _ reactions: [any Reaction], log: any EventLog, on target: ConnectionTarget, listener: Listener,
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger
    ) {
        func run(_ reaction: some Reaction) -> @Sendable () async -> Void {
            let runner = ReactionRunner(reaction, log: log, on: target, listener: listener, logger: logger)
            return { await runner.run() }
        }
        runs = reactions.map { run($0) }
        gauges = ReactionGauges(target: target, listener: listener, metrics: metrics, logger: logger)
    }

    /// Returns when its task is cancelled, after the events in flight.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gauges.run() }
            for run in runs { group.addTask { await run() } }
        }
    }
}
