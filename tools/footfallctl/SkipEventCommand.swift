import ArgumentParser
import Counting
import Postgres
import Projector

struct SkipEventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Have a read model leave out, for good, the event at which it has stopped.",
        discussion: """
            Recorded in the log as ProjectionEventSkipped. Every build of the projection leaves the event out from then \
            on, a rebuild and one with mended SQL too. Where the SQL is at fault, mend it instead: a build with the new \
            SQL takes over by itself.
            """)

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The projection, such as hourly_counts.")
    var name: String

    @OptionGroup var options: SkipOptions

    func run() async throws {
        try await database.withDatabase { [self] target in
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            let stops = try await Skip.stops(of: name, on: connection)
            let position = options.position
            let stop = stops.first { $0.position == position }
            let record = ProjectionEventSkipped(
                projection: try ProjectionName(name),
                skipped: try options.skipped(type: stop?.type, stream: stop?.stream, error: stop?.error),
                sqlState: stop?.sqlState ?? "")
            // Asked even where it has not stopped there: it may have been skipped before.
            let outcome = try await Skip.record(
                record.event, by: options.actorName, skipping: position, of: name, on: connection)
            switch outcome {
            case .skipped(let recordedAt): options.printSkipped(by: name, recordedAt: recordedAt)
            case .skippedBefore(let recordedAt): options.printSkippedBefore(by: name, recordedAt: recordedAt)
            case .applied(let build):
                complain(
                    "build \(build) of \(name) has applied position \(position); were it skipped, a rebuild would differ"
                )
                throw ExitCode.failure
            case .notStopped:
                try options.refuse(name, stoppedAt: stops.map(\.position), otherwise: "no build of it has stopped")
            }
        }
    }
}
