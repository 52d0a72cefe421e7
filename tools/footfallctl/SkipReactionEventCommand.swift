import ArgumentParser
import Counting
import EventSourcing
import Foundation
import Postgres
import Reactions

struct SkipReactionEventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Have a reaction leave out, for good, the event at which it has stopped.",
        discussion: """
            Recorded in the log as ReactionEventSkipped. The reaction goes on with the next event. What it appended or did \
            because of the event before it stopped stays done.
            """)

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The reaction, as footfallctl reactions shows it.")
    var name: String

    @Argument(help: "The position at which it has stopped, as footfallctl reactions shows it.")
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
            let reported = try await ReactionSkip.stop(of: name, on: connection)
            let stop = reported.flatMap { $0.position == position ? $0 : nil }
            let skipped = ReactionEventSkipped(
                reaction: try ReactionName(name), position: position, type: stop?.type ?? "",
                stream: StreamName(stop?.stream ?? ""), error: stop?.error ?? "", reason: try Reason(reason))
            // Asked even where it has not stopped there: it may have been skipped before.
            let outcome = try await ReactionSkip.record(
                skipped.event, by: actor ?? NSUserName(), skipping: position, of: name,
                on: connection)
            switch outcome {
            case .skipped(let recordedAt):
                print("\(name) leaves out position \(position); recorded at position \(recordedAt)")
            case .skippedBefore(let recordedAt):
                print("\(name) leaves out position \(position) already; recorded at position \(recordedAt)")
            case .passed:
                complain("\(name) has acted on position \(position)")
                throw ExitCode.failure
            case .notStopped:
                complain(
                    "\(name) has not stopped at position \(position)"
                        + (reported.map { ", but at position \($0.position)" } ?? "; it goes on"))
                throw ExitCode.failure
            }
        }
    }
}
