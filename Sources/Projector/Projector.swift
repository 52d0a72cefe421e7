import EventLog
import Logging
import Metrics
import Postgres

/// Runs every projection of a release, each independent of the others' failures, and shares them out with the other
/// processes that run on the same database.
package struct Projector: Sendable {
    static let buildsChannel = "footfall_builds"

    private let shares: ProjectionShares
    private let keepers: [BuildKeeper]
    private let gauges: BuildGauges

    /// - Parameter listener: must listen to `Projector.channels`. Its poll interval, a second or less, is how often the
    ///   process shows that it is alive.
    package init(
        _ definitions: [ProjectionDefinition], on target: ConnectionTarget, listener: Listener,
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger
    ) {
        let stops = Stops(on: target, listener: listener, metrics: metrics, logger: logger)
        shares = ProjectionShares(
            definitions.map {
                ProjectionRunner($0.name, on: target, listener: listener, stops: stops, logger: logger)
            }, on: target, listener: listener, logger: logger)
        keepers = definitions.map {
            BuildKeeper(definition: $0, target: target, listener: listener, stops: stops, logger: logger)
        }
        gauges = BuildGauges(target: target, listener: listener, metrics: metrics, logger: logger)
    }

    /// The channels on which the database says that there is something to do.
    package static let channels = [eventsChannel, buildsChannel, Checkpoints.channel, ProjectionShares.channel]

    /// Returns when its task is cancelled, after the steps in flight.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await shares.run() }
            group.addTask { await gauges.run() }
            for keeper in keepers { group.addTask { await keeper.run() } }
        }
    }
}
