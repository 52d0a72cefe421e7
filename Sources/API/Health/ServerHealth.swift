import EventSourcing
import Hummingbird
import Postgres
import Resilience
import UseCases

/// The health of this process, for what watches over it.
struct ServerHealth: Sendable {
    let log: any EventLog
    let readModels: ReadModels
    /// Of what the process uses and can do without for a while, by their names; the database's own stands before them.
    let circuits: [CircuitBreaker]
    let liveness: Liveness

    /// The process answers, and starting it again would not help.
    @Sendable func live(_ request: Request, _ context: APIContext) async throws -> Response {
        if let fault = liveness.fault { throw Problem.passing(.notReady, "The process is of no use: \(fault).") }
        return .json(#"{"status":"live"}"#.utf8, position: nil)
    }

    /// The process can serve: the database answers, every read model has an active build, and the log can be written
    /// to. It is degraded where something else does not answer or a reaction has stopped, and serves all the same, as
    /// well as it can.
    @Sendable func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        var missing = await missingToRead()
        // A database that is not there, or lacks its tables, takes no writes either.
        if missing.first.map({ ReadModel(rawValue: $0) != nil }) ?? true { missing += await missingToWrite() }
        guard missing.isEmpty else {
            throw Problem.passing(
                .notReady, "Missing: \(missing.joined(separator: ", ")).",
                members: ["missing": .array(missing.map(JSON.string)), "circuits": states])
        }
        let reactions = try await reactions()
        let isDegraded = circuits.contains { $0.state != .closed } || reactions.contains(where: \.hasFailed)
        let answer: JSON = [
            "status": isDegraded ? "degraded" : "ready", "circuits": states, "reactions": .array(reactions.map(\.json)),
        ]
        return .json(answer.bytes, position: nil)
    }

    private func missingToRead() async -> [String] {
        do throws(PostgresError) {
            let rows = try await readModels.pool.query("select projection from read.checkpoints")
            let present = try rows.map { row throws(PostgresError) in try row.text("projection") }
            return ReadModel.allCases.map(\.rawValue).filter { !present.contains($0) }
        } catch {
            return error.fault == .statement ? ["migrations"] : ["database"]
        }
    }

    private func missingToWrite() async -> [String] {
        do throws(EventLogError) { try await log.checkWriting() } catch { return ["log"] }
        return []
    }

    /// A reaction, as far as those may know who do not say who they are.
    private struct ReactionHealth {
        let name: String
        let lag: Int64?
        let stall: String?

        /// Whether it has stopped at an event, or fails otherwise. A process that takes over needs some seconds.
        var hasFailed: Bool { stall != nil && stall != "no_process" }

        var json: JSON {
            ["name": .string(name), "lag": lag.map(JSON.integer) ?? .null, "stall": stall.map(JSON.string) ?? .null]
        }
    }

    private func reactions() async throws(PostgresError) -> [ReactionHealth] {
        try await readModels.pool.query("select reaction, lag, stall from read.reactions order by reaction")
            .map { row throws(PostgresError) in
                ReactionHealth(
                    name: try row.text("reaction"), lag: try row.optionalInteger("lag"),
                    stall: try row.optionalText("stall"))
            }
    }

    private var states: JSON {
        var states: JSONObject = ["database": .string(readModels.pool.circuit.state.rawValue)]
        for circuit in circuits { states[circuit.name] = .string(circuit.state.rawValue) }
        return .object(states)
    }
}
