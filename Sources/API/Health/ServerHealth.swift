import EventSourcing
import Hummingbird
import Postgres
import Resilience

/// How this process fares, for what watches over it.
struct ServerHealth: Sendable {
    let readModels: ReadModels
    /// Of what the process uses and can do without for a while, by their names; the database's own stands before them.
    let circuits: [CircuitBreaker]

    /// The process answers.
    @Sendable func live(_ request: Request, _ context: APIContext) async throws -> Response {
        .json(#"{"status":"live"}"#.utf8, position: nil)
    }

    /// The process can serve: the database answers and every read model has an active build. It is degraded where
    /// something else does not answer, and serves all the same, as well as it can.
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
                members: ["missing": .array(missing.map(JSON.string)), "circuits": states])
        }
        let isDegraded = circuits.contains { $0.state != .closed }
        let answer: JSON = ["status": isDegraded ? "degraded" : "ready", "circuits": states]
        return .json(answer.bytes, position: nil)
    }

    private var states: JSON {
        var states: JSONObject = ["database": .string(readModels.pool.circuit.state.rawValue)]
        for circuit in circuits { states[circuit.name] = .string(circuit.state.rawValue) }
        return .object(states)
    }
}
