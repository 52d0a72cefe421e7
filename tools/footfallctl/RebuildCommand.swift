import ArgumentParser
import Foundation
import Installation
import Projector

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Fill a read model anew from the log, beside the active one, and swap it in.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The projection, such as hourly_counts.")
    var name: String

    func run() async throws {
        try await database.withDatabase { [name] target in
            let definitions = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
            guard let definition = definitions.first(where: { $0.name == name }) else {
                let known = definitions.map(\.name).joined(separator: ", ")
                complain("there is no projection \(name); there are \(known)")
                throw ExitCode(64)
            }
            let began = ContinuousClock.now
            let isTerminal = isatty(STDERR_FILENO) == 1
            try await Rebuild(definition, on: target, logger: .operators).run { progress in
                let share = progress.head == 0 ? 100 : progress.position * 100 / progress.head
                let line =
                    "\(name) build \(progress.build): \(progress.position) of \(progress.head) events (\(share) %)"
                FileHandle.standardError.write(Data((isTerminal ? "\r\(line)\u{1B}[K" : "\(line)\n").utf8))
            }
            if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
            let seconds = began.duration(to: .now) / .seconds(1)
            print("\(name) rebuilt in \(seconds.formatted(.number.precision(.fractionLength(1)))) s")
        }
    }
}
