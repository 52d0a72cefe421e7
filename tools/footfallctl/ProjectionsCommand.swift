import ArgumentParser
import Postgres
import TextTable

struct ProjectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projections", abstract: "Show the read models, their builds, and how far each has come.")

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        try await database.withDatabase { [self] target in
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            let rows = try await connection.query(
                """
                select projection, build, state, position, lag, left(definition, 12), to_json(projections)
                from read.projections
                order by projection, build
                """)
            if json {
                for row in rows { print(try row.text(6)) }
                return
            }
            let lines = try rows.map { row in
                Line(
                    projection: try row.text(0), build: try row.integer(1), state: try row.text(2),
                    position: try row.integer(3), lag: try row.integer(4), definition: try row.text(5))
            }
            print(Line.table.string(for: lines, style: Style.plain) ?? "")
        }
    }

    private struct Line {
        let projection: String
        let build: Int64
        let state: String
        let position: Int64
        let lag: Int64
        let definition: String

        static var table: TextTable<Line> {
            TextTable {
                [
                    Column(title: "projection", value: $0.projection),
                    Column(title: "build", value: $0.build, align: .right),
                    Column(title: "state", value: $0.state),
                    Column(title: "position", value: $0.position, align: .right),
                    Column(title: "lag", value: $0.lag, align: .right),
                    Column(title: "definition", value: $0.definition),
                ]
            }
        }
    }
}
