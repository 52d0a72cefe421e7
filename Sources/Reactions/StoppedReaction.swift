import Counting
import EventLog
import EventSourcing
import Postgres

/// The event at which a reaction has stopped, since the reaction cannot take it, and why. The next after its checkpoint.
struct StoppedReaction: Error, CustomStringConvertible {
    let reaction: ReactionName
    let event: RecordedEvent
    let reason: String

    var description: String {
        "\(reaction) has stopped at position \(event.position), \(event.type) of \(event.stream): \(reason)"
    }

    /// - Returns: nil where the error is not the event's fault, and trying again at once or elsewhere may help: the database
    ///   is out of reach, or the reaction is being ended.
    init?(_ error: any Error, at event: RecordedEvent, of reaction: ReactionName) {
        switch error {
        case is CancellationError where Task.isCancelled: return nil
        case let error as EventLogError where error.isPassing: return nil
        default: break
        }
        self.reaction = reaction
        self.event = event
        // As PostgreSQL takes it.
        reason = String(String.UnicodeScalarView("\(error)".unicodeScalars.lazy.filter { $0 != "\0" }.prefix(1000)))
    }
}

extension EventLogError {
    /// Whether the same append may succeed later, whatever it holds. One whose outcome is unknown is safe to be repeated
    /// under its producer's sequence.
    fileprivate var isPassing: Bool {
        switch self {
        case .unavailable, .blocked, .overloaded, .unknownOutcome, .superseded, .historyChanged: true
        case .invalidAppend, .storage: false
        }
    }
}

/// Whether an error that is not an event's fault should be shown as what a reaction fails by: no pause mends it.
func isLasting(_ error: any Error) -> Bool {
    switch error {
    case is CancellationError, is StoppedReaction, is ReactionCheckpoint.Overtaken: false
    case let error as EventLogError: !error.isPassing
    case let error as PostgresError: error.fault == .statement || error.fault == .data
    default: true
    }
}
