import Postgres

/// This session's part in choosing the definition under which a projection is kept: see `choose_definition` in
/// Migrations/functions/choose_definition.sql for the rule.
struct DefinitionChoice {
    struct Outcome {
        /// The hash of the definition that is chosen.
        let chosen: String
        let isOurs: Bool
        /// No process runs that has the chosen one.
        let isOrphaned: Bool
    }

    let projection: String
    /// The hash of the definition that this session stands for.
    let definition: String
    private let isTool: Bool
    private let connection: Connection

    /// Makes it known, for as long as the session lasts, that a process with this definition runs.
    /// - Parameter isTool: whether it is no process that keeps projections, but goes along with those that do.
    init(_ definition: ProjectionDefinition, isTool: Bool = false, on connection: Connection) async throws {
        self.isTool = isTool
        projection = definition.name
        self.definition = try await Build.hash(of: definition, on: connection)
        self.connection = connection
        try await connection.query(
            Self.announcement,
            [
                "space": .lock(LockSpace.definitions), "projection": .text(projection),
                "definition": .text(self.definition),
            ])
    }

    private static let announcement = SQLQuery(
        "announce_definition", "select pg_advisory_lock_shared(:space::int, definition_key(:projection, :definition))",
        parameters: ["space": .integer, "projection": .text, "definition": .text])

    private static let choosing = SQLQuery(
        "choose_definition",
        "select chosen, is_orphaned from choose_definition(:projection, :definition, :take_over, :is_tool)",
        parameters: ["projection": .text, "definition": .text, "take_over": .bool, "is_tool": .bool],
        columns: ["chosen": .text, "is_orphaned": .bool])

    static let queries = [announcement, choosing]

    /// - Parameter takingOver: whether to choose ours though it was chosen before, where the chosen one is orphaned.
    func make(takingOver: Bool) async throws(PostgresError) -> Outcome {
        let row = try await connection.query(
            Self.choosing,
            [
                "projection": .text(projection), "definition": .text(definition), "take_over": .bool(takingOver),
                "is_tool": .bool(isTool),
            ])[0]
        let chosen = try row.text("chosen")
        return Outcome(chosen: chosen, isOurs: chosen == definition, isOrphaned: try row.bool("is_orphaned"))
    }
}
