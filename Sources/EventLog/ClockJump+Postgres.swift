import EventSourcing
import Postgres

/// The table of Migrations/0001_event_log.sql.
extension ClockJump {
    static let columns = "first_position, last_position, ended_at"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            positions: (try row.integer(0))...(try row.integer(1)),
            endedAt: Timestamp(microseconds: try row.timestamp(2)))
    }
}
