import EventSourcing
import Logging
import Postgres

/// An append was decided on another history of the log than it is on.
struct HistoryChanged: Error {}

extension History {
    /// Of the log's database: its marks are events.
    package convenience init(ofLog logger: Logger) {
        self.init(holding: "select log_holds($1, $2)", logger: logger)
    }
}

extension History.Mark {
    init(_ appended: Appended) {
        self.init(position: appended.positions.upperBound, time: appended.recordedAt.microseconds)
    }

    init(_ event: RecordedEvent) {
        self.init(position: event.position, time: event.recordedAt.microseconds)
    }
}
