import EventSourcing
import Postgres

/// The table of Migrations/0001_event_log.sql.
extension ClockJump {
    static let all = SQLQuery(
        "clock_jumps", "select first_position, last_position, ended_at from clock_jumps order by jump",
        columns: ["first_position": .integer, "last_position": .integer, "ended_at": .timestamp])

    init(_ row: Row) throws(PostgresError) {
        self.init(
            positions: (try row.integer("first_position"))...(try row.integer("last_position")),
            endedAt: Timestamp(microseconds: try row.timestamp("ended_at")))
    }
}
