import EventLog
import EventSourcing
import Logging
import Postgres

/// Compares what the read models say of one camera with what the log makes of it, at a small cost.
///
/// The camera's own streams alone are folded again, by the SQL of this release, into tables that exist only within
/// one transaction (repeatable read, rolled back), up to the position of the active build in that transaction's
/// snapshot. What it proves where it finds no difference: in every table whose primary key begins with `camera_id`, the
/// camera's rows are exactly those that its events make, none is missing and none too many, at that position. It proves
/// nothing about other cameras, and nothing about tables with another primary key; `Comparison` does.
///
/// It holds for projections whose rows of a camera depend on no other camera's events.
struct SampleCheck: Sendable {
    struct Outcome: Sendable {
        let camera: Int64
        let build: Int64
        let position: Int64
        /// Of the tables that were compared; empty where the projection has none by camera.
        let tables: [TableDifferences]

        var isEqual: Bool { tables.allSatisfy(\.isEqual) }
    }

    enum Result: Sendable {
        case compared(Outcome)
        /// The camera has more events than are folded in one check.
        case tooLarge(camera: Int64, events: Int64)
        /// There is no active build of this release's definition, or no such camera.
        case nothingToCompare
    }

    let definition: ProjectionDefinition
    /// The streams of cameras: all that hold events of one are folded.
    let cameras: StreamFamily
    /// A camera with more events than this is left to `Comparison`.
    var maximumEvents: Int64 = 500_000
    var maximumSamples = 3

    /// A camera's id, any of them by chance; nil where there is none.
    static func randomCamera(
        of cameras: StreamFamily, on connection: Connection, using random: inout some RandomNumberGenerator
    ) async throws -> Int64? {
        let last = try await connection.query("select last_value from camera_ids")[0].integer("last_value")
        // Ids that no camera has lead to the next name that there is.
        let role = cameras.firstRole
        for name in ["\(role)-\(Int64.random(in: 1...max(1, last), using: &random))", "\(role)-"] {
            let row = try await connection.query(Self.camera, ["name": .text(name), "role": .text(role)]).first
            if let row { return try row.integer("camera_id") }
        }
        return nil
    }

    /// Leaves nothing behind, whatever comes of it.
    func run(camera: Int64, on connection: Connection) async throws -> Result {
        try await connection.inSnapshot { try await compare(camera, on: connection) }
    }

    private func compare(_ camera: Int64, on connection: Connection) async throws -> Result {
        let streams = cameras.streams(of: camera).map(\.rawValue)
        let hash = try await Build.hash(of: definition, on: connection)
        guard
            let active = try await Build.all(of: definition.name, on: connection).first(where: { $0.state == .active }),
            active.definition == hash
        else { return .nothingToCompare }
        let size = try await connection.query(Self.size, ["streams": .texts(streams)])[0].integer("events")
        if size == 0 { return .nothingToCompare }
        if size > maximumEvents { return .tooLarge(camera: camera, events: size) }

        for stream in streams {
            try await ArchivedTelemetry(on: connection).load(
                [StreamName(stream)], matching: { $0.position <= active.position })
        }
        let schema = "\(definition.name)_check"
        try await connection.script("create schema \(schema); set local search_path = \(schema), public")
        try await connection.script(definition.batchView(of: streams))
        for view in definition.eventViews.values { try await connection.script(view.sql) }
        try await connection.script(definition.tables)
        try await connection.script(definition.applyFunction)
        _ = try await connection.pipeline([
            Self.range.statement(["upto": .text("\(active.position)")]),
            Statement("select \(schema).apply()", prepared: false),
        ])
        let tables = try await TableComparison.all(
            active: active.schema, rebuilt: schema, camera: camera, maximumSamples: maximumSamples, on: connection)
        return .compared(Outcome(camera: camera, build: active.id, position: active.position, tables: tables))
    }
}

extension SampleCheck {
    /// The first camera from a stream's name on.
    private static let camera = SQLQuery(
        "camera_from_name",
        """
        select substr(name, length(:role) + 2)::bigint as camera_id
        from streams
        -- in ASCII '.' follows '-'
        where name >= :name and name < :role || '.' and name ~ ('^' || :role || '-[0-9]+$')
        order by name
        limit 1
        """, parameters: ["name": .text, "role": .text], columns: ["camera_id": .integer])

    private static let size = SQLQuery(
        "size_of_streams",
        "select coalesce(sum(version), 0)::bigint as events from streams where name = any (:streams)",
        parameters: ["streams": .texts], columns: ["events": .integer])

    private static let range = SQLQuery(
        "set_range_of_check",
        "select set_config('footfall.after', '0', true), set_config('footfall.upto', :upto, true)",
        parameters: ["upto": .text])

    static let queries = [camera, size, range]
}

extension ProjectionDefinition {
    /// The view that every other one reads, of the events of some streams only, without those that the projection skips.
    fileprivate func batchView(of streams: [String]) -> String {
        let names = streams.map { "'\($0)'" }.joined(separator: ", ")
        let parts = ["public.events", "public.archived_events"].map { table in
            """
            select \(RecordedEvent.columnNames)
            from \(table)
            where stream in (\(names)) and position <= current_setting('footfall.upto')::bigint
              and position not in (select position from public.projection_skips where projection = '\(name)')
            """
        }
        return "create view batch as \(parts.joined(separator: " union all "))"
    }
}
