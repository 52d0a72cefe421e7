import ArgumentParser
import Foundation
import Installation
import Projector
import StructuredLogging

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Rebuild a read model from the log, beside the active one, and swap it in.",
        discussion: "Goes on with a rebuild that was interrupted. Only one rebuild of a projection runs at a time.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The projection, such as hourly_counts.")
    var name: String

    @Option(help: "How much of the time to apply events, such as 50%; the rest is left to others.")
    var throttle: Throttle?

    @OptionGroup var comparison: ComparisonOptions

    @Flag(
        help: """
            Swap nothing in: fill a scratch build up to where the active one is, compare the two row by row, show what \
            a rebuild would change, and drop it. Exit code 0 where they are equal, 1 where not, 2 on failure.
            """)
    var dryRun = false

    func validate() throws { try comparison.validate(isComparing: dryRun) }

    func run() async throws {
        if dryRun {
            try await comparison.run([name], on: database)
            return
        }
        try await database.withDatabase { [name, throttle] target in
            let definitions = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
            guard let definition = definitions.first(where: { $0.name == name }) else {
                let known = definitions.map(\.name).joined(separator: ", ")
                complain("there is no projection \(name); there are \(known)")
                throw ExitCode(64)
            }
            let began = ContinuousClock.now
            let isTerminal = isatty(STDERR_FILENO) == 1
            let rebuild = Rebuild(definition, on: target, throttle: throttle?.percent, logger: .operators)
            try await rebuild.run { progress in
                let line = "\(name) build \(progress.build): \(progress.text)"
                FileHandle.standardError.say(isTerminal ? "\r\(line)\u{1B}[K" : "\(line)\n")
            }
            if isTerminal { FileHandle.standardError.say("\n") }
            let seconds = began.duration(to: .now) / .seconds(1)
            print("\(name) rebuilt in \(seconds.formatted(.number.precision(.fractionLength(1)))) s")
        }
    }
}

extension Rebuild.Progress {
    /// How far it is and how long it still takes, for an operator.
    fileprivate var text: String {
        let share = head == 0 ? 100 : position * 100 / head
        var text = "\(position) of \(head) events (\(share) %)"
        if let rate, let timeLeft, position < head {
            text += ", \(Int(rate)) a second, \(Int((timeLeft / .seconds(1)).rounded(.up))) s left"
        }
        return text
    }
}

/// How much of the time a rebuild works: whole percents, 1 to 100.
struct Throttle: ExpressibleByArgument {
    let percent: Int64

    init?(argument: String) {
        guard let percent = Int64(argument.hasSuffix("%") ? argument.dropLast() : argument[...]),
            (1...100).contains(percent)
        else { return nil }
        self.percent = percent
    }
}
