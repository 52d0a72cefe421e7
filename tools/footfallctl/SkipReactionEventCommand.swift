import ArgumentParser
import Counting
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

    @OptionGroup var options: SkipOptions

    func run() async throws {
        try await database.withDatabase { [self] target in
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            let reported = try await ReactionSkip.stop(of: name, on: connection)
            let position = options.position
            let stop = reported.flatMap { $0.position == position ? $0 : nil }
            let record = ReactionEventSkipped(
                reaction: try ReactionName(name),
                skipped: try options.skipped(type: stop?.type, stream: stop?.stream, error: stop?.error))
            // Asked even where it has not stopped there: it may have been skipped before.
            let outcome = try await ReactionSkip.record(
                record.event, by: options.actorName, skipping: position, of: name, on: connection)
            switch outcome {
            case .skipped(let recordedAt): options.printSkipped(by: name, recordedAt: recordedAt)
            case .skippedBefore(let recordedAt): options.printSkippedBefore(by: name, recordedAt: recordedAt)
            case .passed:
                complain("\(name) has acted on position \(position)")
                throw ExitCode.failure
            case .notStopped:
                try options.refuse(name, stoppedAt: reported.map { [$0.position] } ?? [], otherwise: "it goes on")
            }
        }
    }
}
