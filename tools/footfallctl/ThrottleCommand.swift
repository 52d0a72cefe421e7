import ArgumentParser
import Postgres
import Projector

struct ThrottleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throttle", abstract: "Set how much of the time a rebuild that is under way applies events.",
        discussion: "Takes effect after the range that is being applied, which is about a second.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The projection, such as hourly_counts.")
    var name: String

    @Argument(help: "The share of the time, such as 25%; 100% for all of it.")
    var throttle: Throttle

    func run() async throws {
        try await database.withDatabase { [name, throttle] target in
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            guard let build = try await Build.throttle(name, to: throttle.percent, on: connection) else {
                complain("no rebuild of \(name) is under way")
                throw ExitCode.failure
            }
            print("\(name) build \(build) is applied \(throttle.percent) % of the time")
        }
    }
}
