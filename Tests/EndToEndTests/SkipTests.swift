import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

/// What an operator does about an event that a projection cannot take.
@Suite(.timeLimit(.minutes(5))) struct SkipTests {
    @Test func theOperatorSeesTheEventAndSkipsIt() async throws {
        try await TestCluster.shared.withDatabase { target in
            let footfall = try await Footfall.serve(on: target.url)
            #expect(
                try await footfall.post(
                    "/cameras", ["name": "Door", "stream_url": "rtsp://10.0.0.1/x", "stream_type": "rtsp"]
                ).status == .created)
            try await withPostgresLog(target) { log, _ in
                let bad = NewEvent(type: "CountReadingRecorded", data: ["camera_id": 1, "observed_at": "noon"])
                _ = try await log.append(Append(to: "telemetry-1", events: [bad]))
            }
            try await footfall.poll("/projections") { list in
                list["items"]?.array?.contains {
                    $0["name"] == "hourly_counts" && $0["active"]?["stall"]?["reason"] == "event"
                } == true
            }
            // Once, however often it is retried.
            try await footfall.program.waits(for: "projection stopped at an event that it cannot take")

            func footfallctl(_ arguments: String...) async throws -> (code: Int32, output: String) {
                try await Program.run("footfallctl", arguments + ["--database-url", target.url])
            }
            let list = try await footfallctl("projections")
            #expect(list.code == 0)
            #expect(list.output.contains("at position 2, CountReadingRecorded of telemetry-1: "), "\(list.output)")
            #expect(list.output.contains("footfallctl projections skip hourly_counts 2 --reason"))

            let misplaced = try await footfallctl("projections", "skip", "hourly_counts", "3", "--reason", "guess")
            #expect(misplaced.code == 1)
            #expect(misplaced.output.contains("hourly_counts has not stopped at position 3, but at position 2"))
            let applied = try await footfallctl("projections", "skip", "camera_state", "2", "--reason", "guess")
            #expect(applied.code == 1)
            #expect(applied.output.contains("of camera_state has applied position 2"))
            let unreasoned = try await footfallctl("projections", "skip", "hourly_counts", "2", "--reason", " ")
            #expect(unreasoned.code == 64)
            #expect(unreasoned.output.contains("A reason has 1 to 500 characters; this has 0."))

            for (words, position) in [("", 3), (" already", 3)] {
                let skip = try await footfallctl(
                    "projections", "skip", "hourly_counts", "2", "--reason", "sent by a broken worker", "--actor", "ana"
                )
                #expect(skip.code == 0)
                #expect(
                    skip.output
                        == "hourly_counts leaves out position 2\(words); recorded at position \(position)\n")
            }
            // It says no time that could be read, so that it may be of any.
            for path in ["/cameras/1/counts", "/counts", "/cameras/1/counts/explain"] {
                let counts = try await footfall.get(path + "?min_position=3")
                #expect(counts.status == .ok)
                #expect(counts.body["skipped_positions"] == [2], "\(counts.body)")
            }
            let verified = try await footfallctl("verify", "--projections")
            #expect(
                verified.output.contains(
                    "hourly_counts LEAVES OUT position 2, CountReadingRecorded of telemetry-1, as position 3 says"),
                "\(verified.output)")
            let projections = try await footfall.get("/projections")
            let counted = projections.body["items"]?.array?.first { $0["name"] == "hourly_counts" }
            #expect(counted?["skipped_positions"] == [2])
            #expect(counted?["active"]?["stall"] == .null)

            let audit = try await footfallctl("audit", "--type", "ProjectionEventSkipped", "--json")
            let entry = try JSON.parse(audit.output.trimmingCharacters(in: .newlines))
            #expect(entry["stream"] == "projection-hourly_counts")
            #expect(entry["actor"] == "ana")
            #expect(entry["data"]?["reason"] == "sent by a broken worker")
            #expect(entry["data"]?["skipped_position"] == 2)
            #expect(entry["data"]?["skipped_type"] == "CountReadingRecorded")
            #expect(entry["data"]?["sql_state"] == "22007")

            let rebuild = try await footfallctl("rebuild", "hourly_counts")
            #expect(rebuild.code == 0, "\(rebuild.output)")
            #expect(await footfall.stop() == 0)
            // Another read model takes the same event in, and stops by itself.
            let log = footfall.program.output
            let stops = log.split(separator: "\n").filter {
                $0.contains("projection stopped at an event") && $0.contains("hourly_counts")
            }
            #expect(stops.count == 1, "\(log)")
        }
    }
}
