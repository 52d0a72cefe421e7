import ArgumentParser
import EventLog
import Postgres
import TextTable

struct ProjectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projections",
        abstract: "Show the read models, or have one leave out an event that it cannot take.",
        subcommands: [List.self, SkipEventCommand.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the read models, their builds, how far each has come, and why one does not go on.")

        @OptionGroup var database: DatabaseOptions

        @Flag(help: "One JSON object a line.")
        var json = false

        func run() async throws {
            try await database.withDatabase { [self] target in
                let connection = try await Connection.open(target, logger: .operators)
                defer { connection.close() }
                // Who holds a lock is to be named, not waited for.
                try await connection.script("set lock_timeout = '2s'")
                let answers: [Rows]
                do {
                    if json {
                        for row in try await connection.query(Self.documents) { print(try row.text("document")) }
                        return
                    }
                    // In one round trip, so that both tell of the same moment.
                    answers = try await connection.pipeline([Statement(Self.builds), Statement(Self.stalls)])
                } catch let error as PostgresError where error.isLockTimeout {
                    complain("the tables of the read models are locked")
                    for session in try await BlockingSession.all(on: connection) {
                        complain("\(session): \(session.query ?? "its statement is not to be seen by this role")")
                    }
                    throw ExitCode.failure
                }
                print(Line.table.string(for: try answers[0].map(Line.init), style: Style.plain) ?? "")
                for row in answers[1] { print(try Stall(row)) }
            }
        }

        private static let documents = """
            select to_json(builds) as document
            from (
              select projections.*, (
                select json_strip_nulls(to_json(projection_stalls))
                from read.projection_stalls
                where projection_stalls.build = projections.build
              ) as stall
              from read.projections
            ) as builds
            order by projection, build
            """

        private static let builds = """
            select
              projection, build, state, position, lag, left(definition, 12) as definition, percent, rate, seconds_left
            from read.projections
            order by projection, build
            """

        private static let stalls = """
            select
              projection, build, reason, rfc3339(since) as since, position, type, stream, sql_state, error, pid, lock_mode,
              lock_object, last_process, (
                select string_agg(
                  format(
                    'pid %s (%s, %s): %s', holder ->> 'pid', holder ->> 'application_name', holder ->> 'state',
                    holder ->> 'query'),
                  '; ')
                from json_array_elements(held_by) as holder
              ) as holders
            from read.projection_stalls
            order by projection, build
            """
    }

    private struct Line {
        let projection: String
        let build: Int64
        let state: String
        let position: Int64
        let lag: Int64
        let definition: String
        /// Of the log.
        let percent: Double
        /// Events a second, of a build that is being filled.
        let rate: Double?
        let secondsLeft: Double?

        init(_ row: Row) throws {
            projection = try row.text("projection")
            build = try row.integer("build")
            state = try row.text("state")
            position = try row.integer("position")
            lag = try row.integer("lag")
            definition = try row.text("definition")
            percent = try row.double("percent")
            rate = try row.optionalDouble("rate")
            secondsLeft = try row.optionalDouble("seconds_left")
        }

        static var table: TextTable<Line> {
            TextTable {
                [
                    Column(title: "projection", value: $0.projection),
                    Column(title: "build", value: $0.build, align: .right),
                    Column(title: "state", value: $0.state),
                    Column(title: "position", value: $0.position, align: .right),
                    Column(title: "lag", value: $0.lag, align: .right),
                    Column(title: "%", value: $0.percent, align: .right),
                    Column(title: "events/s", value: $0.rate.map { "\(Int($0))" } ?? "", align: .right),
                    Column(
                        title: "left", value: $0.secondsLeft.map { "\(Int($0.rounded(.up))) s" } ?? "", align: .right),
                    Column(title: "definition", value: $0.definition),
                ]
            }
        }
    }

    /// Why a build does not go on, and what may be done.
    private struct Stall: CustomStringConvertible {
        let description: String

        init(_ row: Row) throws {
            let projection = try row.text("projection")
            let build = "\(projection) build \(try row.integer("build"))"
            let since = try row.text("since")
            switch try row.text("reason") {
            case "event":
                let position = try row.integer("position")
                description = """
                    \(build) has stopped since \(since) at position \(position), \(try row.text("type")) of \
                    \(try row.text("stream")): \(try row.text("error")) (SQLSTATE \(try row.text("sql_state")))
                      Mend its SQL and start again, or: footfallctl projections skip \(projection) \(position) --reason …
                    """
            case "schema_version":
                let position = try row.integer("position")
                description = """
                    \(build) has stopped since \(since) at position \(position) of \(try row.text("stream")): \(try row.text("error"))
                      Run the release that wrote the event, or a later one, or: \
                    footfallctl projections skip \(projection) \(position) --reason …
                    """
            case "error":
                description = """
                    \(build) has failed since \(since): \(try row.text("error")) (SQLSTATE \(try row.optionalText("sql_state") ?? "none"))
                    """
            case "lock":
                description = """
                    \(build) waits since \(since) with pid \(try row.integer("pid")) for \(try row.text("lock_mode")) on \
                    \(try row.text("lock_object")), held by \(try row.optionalText("holders") ?? "a session that has ended")
                    """
            default:
                description = """
                    \(build) is run by no process since \(since)\
                    \(try row.optionalText("last_process").map { "; the last was \($0)" } ?? "")
                    """
            }
        }
    }
}
