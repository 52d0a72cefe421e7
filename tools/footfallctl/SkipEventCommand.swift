import ArgumentParser
import Counting
import EventSourcing
import Foundation
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

    @Argument(help: "The position at which it has stopped, as footfallctl projections shows it.")
    var position: Int64

    @Option(help: "Why; kept in the log.")
    var reason: String

    @Option(help: "Who; kept in the log. The user's name where it is not given.")
    var actor: String?

    func validate() throws {
        do { _ = try Reason(reason) } catch { throw ValidationError("--reason: \(error.sentence)") }
    }

    func run() async throws {
        try await database.withDatabase { [self] target in
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            let stops = try await Skip.stops(of: name, on: connection)
            let stop = stops.first { $0.position == position }
            let skipped = ProjectionEventSkipped(
                projection: try ProjectionName(name), position: position, type: stop?.type ?? "",
                stream: StreamName(stop?.stream ?? ""), sqlState: stop?.sqlState ?? "", error: stop?.error ?? "",
                reason: try Reason(reason))
            // Asked even where it has not stopped there: it may have been skipped before.
            let outcome = try await Skip.record(
                skipped.event, by: actor ?? NSUserName(), skipping: position, of: name,
                on: connection)
            switch outcome {
            case .skipped(let recordedAt):
                print("\(name) leaves out position \(position); recorded at position \(recordedAt)")
            case .skippedBefore(let recordedAt):
                print("\(name) leaves out position \(position) already; recorded at position \(recordedAt)")
            case .applied(let build):
                complain(
                    "build \(build) of \(name) has applied position \(position); were it skipped, a rebuild would differ"
                )
                throw ExitCode.failure
            case .notStopped:
                let places = stops.map { "position \($0.position)" }.joined(separator: " and ")
                complain(
                    "\(name) has not stopped at position \(position)"
                        + (places.isEmpty ? "; no build of it has stopped" : ", but at \(places)"))
                throw ExitCode.failure
            }
        }
    }
}
