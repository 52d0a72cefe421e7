import ArgumentParser
import Postgres
import TextTable

struct ReactionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactions",
        abstract: "Show what acts on events, or have it leave out an event that it cannot take.",
        subcommands: [List.self, SkipReactionEventCommand.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the reactions, how far each has come, and why one does not go on.")

        @OptionGroup var database: DatabaseOptions

        @Flag(help: "One JSON object a line.")
        var json = false

        func run() async throws {
            try await database.withDatabase { [self] target in
                let connection = try await Connection.open(target, logger: .operators)
                defer { connection.close() }
                if json {
                    let rows = try await connection.query(
                        "select to_json(reactions) as document from read.reactions order by reaction")
                    for row in rows { print(try row.text("document")) }
                    return
                }
                let lines = try await connection.query(Self.lines).map(Line.init)
                print(Line.table.string(for: lines, style: Style.plain) ?? "")
                for line in lines { if let stall = line.stall { print(stall) } }
            }
        }

        private static let lines = """
            select
              reaction, position, lag, case when is_running then process end as process, stall,
              rfc3339(stalled_since) as since, stalled_position, type, stream, error, process as last_process
            from read.reactions
            order by reaction
            """
    }

    private struct Line {
        let reaction: String
        /// Nil of one that acts by the clock, as the lag is.
        let position: Int64?
        let lag: Int64?
        let process: String?
        /// Why it does not go on, and what may be done.
        let stall: String?

        init(_ row: Row) throws {
            reaction = try row.text("reaction")
            position = try row.optionalInteger("position")
            lag = try row.optionalInteger("lag")
            process = try row.optionalText("process")
            stall = try Self.stall(reaction, row)
        }

        private static func stall(_ reaction: String, _ row: Row) throws -> String? {
            guard let reason = try row.optionalText("stall") else { return nil }
            let since = try row.text("since")
            switch reason {
            case "event":
                let position = try row.integer("stalled_position")
                return """
                    \(reaction) has stopped since \(since) at position \(position), \(try row.text("type")) of \
                    \(try row.text("stream")): \(try row.text("error"))
                      It retries by itself. For good: footfallctl reactions skip \(reaction) \(position) --reason …
                    """
            case "error": return "\(reaction) has failed since \(since): \(try row.text("error"))"
            default:
                return """
                    \(reaction) is run by no process since \(since)\
                    \(try row.optionalText("last_process").map { "; the last was \($0)" } ?? "")
                    """
            }
        }

        static var table: TextTable<Line> {
            TextTable {
                [
                    Column(title: "reaction", value: $0.reaction),
                    Column(title: "position", value: $0.position.map(String.init) ?? "", align: .right),
                    Column(title: "lag", value: $0.lag.map(String.init) ?? "", align: .right),
                    Column(title: "process", value: $0.process ?? ""),
                ]
            }
        }
    }
}
