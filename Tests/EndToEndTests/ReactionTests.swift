import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

/// What an operator does about an event that a reaction cannot take.
@Suite(.timeLimit(.minutes(5))) struct ReactionTests {
    @Test func theOperatorSeesTheEventAndSkipsIt() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                _ = try await log.append(Append(to: "camera-1", events: [event("CameraPainted")]))
                // As a process that has gone since has left it.
                try await pool.query(
                    "insert into reactions (reaction, position, process) values ('door_alerts', 0, 'host:4711')")
                try await pool.query(
                    """
                    insert into reaction_failures (reaction, position, type, stream, error)
                    values ('door_alerts', 1, 'CameraPainted', 'camera-1', 'no answer')
                    """)
            }
            func footfallctl(_ arguments: String...) async throws -> (code: Int32, output: String) {
                try await Program.run("footfallctl", arguments + ["--database-url", target.url])
            }
            let list = try await footfallctl("reactions")
            #expect(list.code == 0)
            #expect(list.output.contains("door_alerts"), "\(list.output)")
            #expect(list.output.contains("at position 1, CameraPainted of camera-1: no answer"), "\(list.output)")
            #expect(list.output.contains("footfallctl reactions skip door_alerts 1 --reason"))
            let json = try JSON.parse(
                try await footfallctl("reactions", "--json").output.trimmingCharacters(in: .newlines))
            #expect(json["reaction"] == "door_alerts")
            #expect(json["lag"] == 1)
            #expect(json["stall"] == "event")

            let misplaced = try await footfallctl("reactions", "skip", "door_alerts", "3", "--reason", "guess")
            #expect(misplaced.code == 1)
            #expect(misplaced.output.contains("door_alerts has not stopped at position 3, but at position 1"))
            let unreasoned = try await footfallctl("reactions", "skip", "door_alerts", "1", "--reason", " ")
            #expect(unreasoned.code == 64)
            for word in ["", " already"] {
                let skip = try await footfallctl(
                    "reactions", "skip", "door_alerts", "1", "--reason", "painted by mistake", "--actor", "ana")
                #expect(skip.code == 0)
                #expect(skip.output == "door_alerts leaves out position 1\(word); recorded at position 2\n")
            }
            let passed = try await footfallctl("reactions")
            #expect(passed.output.contains("door_alerts is run by no process since "), "\(passed.output)")
            #expect(passed.output.contains("; the last was host:4711"))

            let audit = try await footfallctl("audit", "--type", "ReactionEventSkipped", "--json")
            let entry = try JSON.parse(audit.output.trimmingCharacters(in: .newlines))
            #expect(entry["stream"] == "reaction-door_alerts")
            #expect(entry["actor"] == "ana")
            #expect(entry["data"]?["reason"] == "painted by mistake")
            #expect(entry["data"]?["error"] == "no answer")
        }
    }
}
