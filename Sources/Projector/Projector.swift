import Logging
import Postgres

/// Runs every projection of a release side by side, each independent of the others' failures.
package struct Projector: Sendable {
    private let runners: [ProjectionRunner]

    /// - Parameter listener: must listen to `Projector.channels`.
    package init(
        _ definitions: [ProjectionDefinition], on target: ConnectionTarget, listener: Listener, logger: Logger
    ) {
        runners = definitions.map {
            ProjectionRunner(definition: $0, target: target, listener: listener, logger: logger)
        }
    }

    /// The channels on which the database says that there is something to do.
    package static let channels = ["footfall_events", "footfall_builds", Checkpoints.channel]

    /// Returns when its task is cancelled, after the steps in flight.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for runner in runners { group.addTask { await runner.run() } }
        }
    }
}
