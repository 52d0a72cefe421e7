import EventSourcing
import Hummingbird
import Postgres

/// How this process fares, for what watches over it.
struct ServerHealth: Sendable {
    let readModels: ReadModels

    /// The process answers.
    @Sendable func live(_ request: Request, _ context: APIContext) async throws -> Response {
        .json(#"{"status":"live"}"#.utf8, position: nil)
    }

    /// The process can serve: the database answers and every read model has an active build.
    @Sendable func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        let missing: [String]
        do throws(PostgresError) {
            let rows = try await readModels.pool.query("select projection from read.checkpoints")
            let present = try rows.map { row throws(PostgresError) in try row.text(0) }
            missing = ReadModel.allCases.map(\.rawValue).filter { !present.contains($0) }
        } catch .server {
            missing = ["migrations"]
        } catch {
            missing = ["database"]
        }
        guard missing.isEmpty else {
            throw Problem.passing(
                .notReady, "Missing: \(missing.joined(separator: ", ")).",
                members: ["missing": .array(missing.map(JSON.string))])
        }
        return .json(#"{"status":"ready"}"#.utf8, position: nil)
    }
}
