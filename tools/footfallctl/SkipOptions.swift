import ArgumentParser
import Counting
import EventSourcing
import Foundation

/// What is asked of an operator who has an event left out for good, and what is answered, whatever leaves it out.
struct SkipOptions: ParsableArguments {
    @Argument(help: "The position at which it has stopped, as the list shows it.")
    var position: Int64

    @Option(help: "Why; kept in the log.")
    var reason: String

    @Option(help: "Who; kept in the log. The user's name where it is not given.")
    var actor: String?

    func validate() throws {
        do { _ = try Reason(reason) } catch { throw ValidationError("--reason: \(error.sentence)") }
    }

    var actorName: String { actor ?? NSUserName() }

    /// The event, as far as it is known from where it was stopped at.
    func skipped(type: String?, stream: String?, error: String?) throws -> SkippedEvent {
        SkippedEvent(
            position: position, type: type ?? "", stream: StreamName(stream ?? ""), error: error ?? "",
            reason: try Reason(reason))
    }

    func printSkipped(by name: String, recordedAt place: Int64) {
        print("\(name) leaves out position \(position); recorded at position \(place)")
    }

    func printSkippedBefore(by name: String, recordedAt place: Int64) {
        print("\(name) leaves out position \(position) already; recorded at position \(place)")
    }

    /// Says where it has stopped instead, or otherwise that it has not, and throws.
    func refuse(_ name: String, stoppedAt places: [Int64], otherwise: String) throws {
        let places = places.map { "position \($0)" }.joined(separator: " and ")
        complain(
            "\(name) has not stopped at position \(position)"
                + (places.isEmpty ? "; \(otherwise)" : ", but at \(places)"))
        throw ExitCode.failure
    }
}
