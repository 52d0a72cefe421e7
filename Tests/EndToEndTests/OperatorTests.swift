import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// The programs as an operator uses them.
@Suite(.timeLimit(.minutes(5))) struct OperatorTests {
    private static let camera: JSON = [
        "name": "Door", "stream_url": "rtsp://u:p@10.0.0.1/x", "stream_type": "rtsp",
        "lines": [["name": "door", "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]]],
    ]

    @Test func theToolWorksOnTheDatabaseWithTheServerUpAndDown() async throws {
        try await withFolder { folder in
            let data = ["--data-dir", folder.path]
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            for _ in 0..<2 { #expect(try await footfall.post("/cameras", Self.camera).status == .created) }

            for isUp in [true, false] {
                if !isUp { #expect(await footfall.stop() == 0) }
                let audit = try await Program.run("footfallctl", ["audit", "--json", "--camera", "2"] + data)
                #expect(audit.code == 0)
                let entry = try JSON.parse(audit.output.trimmingCharacters(in: .newlines))
                #expect(entry["type"] == "CameraRegistered")
                #expect(entry["position"] == 2)
                #expect(!audit.output.contains("u:p"))

                let projections = try await Program.run("footfallctl", ["projections", "--json"] + data)
                let lines = try projections.output.split(separator: "\n").map { try JSON.parse($0.utf8) }
                let names = lines.compactMap { $0["projection"]?.string }
                #expect(names.contains("camera_state"))
                #expect(names.contains("hourly_counts"))
                #expect(lines.allSatisfy { $0["state"] == "active" && $0["lag"] == 0 })

                let rebuild = try await Program.run("footfallctl", ["rebuild", "camera_state"] + data)
                #expect(rebuild.code == 0, "\(rebuild.output)")
                #expect(rebuild.output.contains("2 of 2 events (100 %)"))
                let migrate = try await Program.run("footfallctl", ["migrate"] + data)
                #expect(migrate.output == "nothing to apply\n")
            }
        }
    }

    /// Empty variables are as good as none; and a good start has nothing to complain of.
    @Test func aFreshStartSaysNothingOfErrors() async throws {
        try await withFolder { folder in
            var environment = ["FOOTFALL_MODEL", "FOOTFALL_LOG_LEVEL", "FOOTFALL_DATABASE_URL", "FOOTFALL_RATE_LIMIT"]
                .reduce(into: [:]) { $0[$1] = "" }
            environment["FOOTFALL_STREAM_NETWORKS"] = ""
            environment["FOOTFALL_SLOW_QUERY"] = "3600"  // how fast the machine is does not matter here
            let footfall = try await Footfall.up(in: folder, environment: environment)
            try await footfall.program.waits(for: "connected to the server")
            let lines = footfall.program.output.split(separator: "\n")
            #expect(lines.filter { $0.contains(/\b(warning|error|critical)\b/) } == [])
            #expect(await footfall.stop() == 0)
        }
    }

    @Test func verifyNamesEventsThatThisReleaseCannotRead() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, _ in
                let events = [("CameraPainted", Int16(1)), ("CountReadingRecorded", 9), ("CountReadingRecorded", 9)]
                _ = try await log.append(
                    Append(to: "camera-1", events: events.map { NewEvent(type: $0, schemaVersion: $1, data: [:]) }))
            }
            let verify = try await Program.run("footfallctl", ["verify", "--database-url", target.url])
            #expect(verify.code == 1)
            #expect(verify.output.contains("3 events are complete and unaltered"))
            #expect(
                verify.output.contains(
                    "CameraPainted in schema version 1: 1 events, the first at position 1, of camera-1"))
            #expect(
                verify.output.contains("CountReadingRecorded in schema version 9: 2 events, the first at position 2"))
        }
    }

    @Test func theToolNamesWhoLocksTheReadModels() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { _, _ in }
            let holder = try await Connection.open(target.named("someone's psql"), logger: .silent)
            defer { holder.close() }
            for (table, code) in [("events", Int32(0)), ("log_head", 1)] {
                try await holder.query("begin")
                try await holder.script("lock table \(table) in access exclusive mode")
                let list = try await Program.run("footfallctl", ["projections", "--database-url", target.url])
                #expect(list.code == code, "\(list.output)")
                if code == 1 {
                    #expect(
                        list.output.contains(
                            "(someone's psql, idle in transaction) holds AccessExclusiveLock on log_head"))
                }
                try await holder.query("rollback")
            }
        }
    }

    @Test func theServerShowsWhatItMeasures() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            let built = #/footfall_build_lag\{projection="camera_state",build="\d+",state="active"\} 0\n/#
            var text = ""
            repeat { text = try await footfall.text("/metrics") } while text.firstMatch(of: built) == nil
            #expect(text.contains("footfall_circuit_state{circuit=\"footfall_api\"} 0\n"))
            #expect(text.contains("footfall_http_requests_total{status=\"2xx\"} "))
            #expect(await footfall.stop() == 0)
        }
    }

    @Test func anExportOfTheTrailProvesItselfWithoutTheDatabase() async throws {
        try await withFolder { folder in
            let data = ["--data-dir", folder.path]
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            _ = try await footfall.post("/cameras", Self.camera)
            // As many as a segment holds.
            for batch: Int64 in 0..<10 {
                let readings: JSON = [
                    "source": "w",
                    "readings": .array(
                        (1...1000).map { number in
                            [
                                "sequence": .integer(batch * 1000 + number), "observed_at": "2026-03-29T10:00:00Z",
                                "line": "door", "class": "person", "count_in": 3, "count_out": 1,
                            ]
                        }),
                ]
                #expect(try await footfall.post("/cameras/1/counts", readings).status == .created)
            }
            var file = ""
            var attempts = 0
            repeat {
                attempts += 1
                file = folder.path + "/export-\(attempts)"
                let export = try await Program.run("footfallctl", ["audit", "export", "--output", file] + data)
                try #require(export.code == 0, "\(export.output)")
                if export.output.contains("10000 events of 1 segments") { break }
            } while true
            let chain = try await Program.run("footfallctl", ["audit", "--follow-causation", "1"] + data)
            #expect(chain.output.hasPrefix("self "))
            #expect(await footfall.stop() == 0)

            let verified = try await Program.run("footfallctl", ["audit", "verify", file])
            #expect(verified.code == 0, "\(verified.output)")
            #expect(verified.output.contains("10000 events of 1 segments (positions 1 to 10000) are complete"))
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacing("Door", with: "Gate").write(toFile: file, atomically: true, encoding: .utf8)
            let altered = try await Program.run("footfallctl", ["audit", "verify", file])
            #expect(altered.code == 1)
            #expect(altered.output.contains("segment 1 holds an event that is not as it was sealed"))
        }
    }

    @Test func theToolExplainsACountAndShowsACameraAsItWas() async throws {
        try await withFolder { folder in
            let data = ["--data-dir", folder.path]
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            let registered = try await footfall.post("/cameras", Self.camera)
            #expect(try await footfall.post("/cameras/1/start").status == .ok)
            let reading: JSON = [
                "observed_at": "2026-03-29T10:00:00Z", "line": "door", "class": "person", "count_in": 3, "count_out": 1,
            ]
            #expect(try await footfall.post("/cameras/1/counts", reading).status == .created)
            #expect(try await footfall.get("/cameras/1/counts?min_position=3").status == .ok)
            #expect(await footfall.stop() == 0)

            // Heartbeats, of which a camera's own events know nothing, have a say in the status of one not yet started.
            var shown = try #require(registered.body.object)
            shown["status"] = .null
            for moment in ["v1", "1", registered.body["created_at"]?.string ?? ""] {
                let state = try await Program.run("footfallctl", ["audit", "--camera", "1", "--as-of", moment] + data)
                #expect(state.code == 0, "\(state.output)")
                #expect(try JSON.parse(state.output.trimmingCharacters(in: .newlines)) == .object(shown))
            }
            let later = try await Program.run("footfallctl", ["audit", "--camera", "1", "--as-of", "v3"] + data)
            #expect(later.code == 1)
            #expect(later.output == "footfallctl: The camera's last version is 2.\n")

            let hour = ["--camera", "1", "--from", "2026-03-29T10:00:00Z", "--to", "2026-03-29T11:00:00Z"]
            let explained = try await Program.run("footfallctl", ["explain"] + hour + data)
            #expect(explained.code == 0)
            #expect(explained.output.contains("observed 2026-03-29T10:00:00Z  3 in 1 out"))
            #expect(explained.output.contains("they are the same at position 3\n"))
            let lines = try await Program.run("footfallctl", ["explain", "--json"] + hour + data)
            let answer = try JSON.parse(lines.output.split(separator: "\n").last.map(String.init) ?? "")
            #expect(answer["differs"] == false)
            #expect(answer["explained"]?["count_in"] == 3)
        }
    }

    @Test func followingShowsWhatIsAppendedMeanwhile() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            let follower = try Program("footfallctl", ["audit", "--follow", "--json", "--data-dir", folder.path])
            for number in 1...3 {
                #expect(try await footfall.post("/cameras", Self.camera).status == .created)
                try await follower.waits(for: "\"stream\" : \"camera-\(number)\"")
            }
            follower.signal(SIGINT)
            #expect(await follower.waitsForEnd() == 0)
            #expect(await footfall.stop() == 0)
        }
    }

    @Test func dataIsKeptFromOneRunToTheNext() async throws {
        try await withFolder { folder in
            let first = try await Footfall.up(in: folder, ["--no-worker"])
            let camera = try await first.post("/cameras", Self.camera).body
            #expect(await first.stop() == 0)
            let second = try await Footfall.up(in: folder, ["--no-worker"])
            let kept = try await second.get("/cameras/1?min_position=1").body
            for (member, value) in try #require(camera.object) { #expect(kept[member] == value, "\(member)") }
            #expect(await second.stop() == 0)
        }
    }

    /// Root's server runs as another user than root's own programs; anyone else's as themselves.
    @Test(.enabled(if: daemonCanRunPrograms, "only root can become another user, who must reach the build's folder"))
    func aUserWhoIsNotRootRunsEverythingAsThemselves() async throws {
        try await withFolder { folder in
            chown(folder.path, try #require(getpwnam("daemon")).pointee.pw_uid, gid_t.max)
            let footfall = try await Footfall.up(in: folder, ["--no-worker"], as: "daemon")
            #expect(try await footfall.post("/cameras", Self.camera).status == .created)
            #expect(await footfall.stop() == 0)
        }
    }

    private static let daemonCanRunPrograms: Bool = {
        guard geteuid() == 0 else { return false }
        let probe = Process()
        probe.executableURL = URL(filePath: "/usr/bin/setpriv")
        probe.arguments = [
            "--reuid=daemon", "--regid=daemon", "--clear-groups", "--", "test", "-x",
            Program.folder.appending(path: "footfall").path,
        ]
        guard (try? probe.run()) != nil else { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }()

    @Test func aSecondServerOnTheSameFolderIsRefused() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            let second = try await Program.run("footfall", ["up", "--port", "0", "--data-dir", folder.path])
            #expect(second.code == 1)
            #expect(second.output.contains("another footfall up runs on \(folder.path)"))
            #expect(await footfall.stop() == 0)
        }
    }

    struct WrongUse: CustomTestStringConvertible {
        let command: String
        let code: Int32

        init(_ command: String, _ code: Int32) {
            self.command = command
            self.code = code
        }

        var testDescription: String { command }
    }

    @Test(arguments: [
        WrongUse("footfallctl rebuild", 64), WrongUse("footfallctl audit --from yesterday", 64),
        WrongUse("footfallctl audit --limit 0", 64), WrongUse("footfallctl projections --data-dir /tmp/none", 69),
        WrongUse("footfallctl audit --database-url host=/nonexistent", 69), WrongUse("footfall serve", 64),
        WrongUse("footfall serve --database-url host=/nonexistent", 64), WrongUse("footfall up --port 70000", 64),
        WrongUse("footfall up --auth maybe", 64), WrongUse("footfall up --auth off --host 0.0.0.0", 64),
        WrongUse("footfall serve --database-url host=/nonexistent --auth off", 69),
        WrongUse("footfall up --auth-jwks /nonexistent", 64), WrongUse("footfallctl token", 64),
        WrongUse("footfallctl token --role king", 64), WrongUse("footfallctl token --role viewer --ttl 0h", 64),
        WrongUse("footfallctl token --role worker --cameras 1", 64),
        WrongUse("footfallctl token --role worker --worker a:b", 64),
    ])
    func whatGoesWrongHasItsExitCode(_ use: WrongUse) async throws {
        let words = use.command.split(separator: " ").map(String.init)
        let result = try await Program.run(words[0], Array(words.dropFirst()))
        #expect(result.code == use.code, "\(result.output)")
        #expect(!result.output.isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "only root is kept from its own folders in this way"))
    func aFolderThatTheDatabasesUserCannotReachIsNamed() async throws {
        try await withFolder { folder in
            let closed = folder.appending(path: "closed")
            try FileManager.default.createDirectory(
                at: closed, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let result = try await Program.run(
                "footfall", ["up", "--port", "0", "--data-dir", closed.appending(path: "data").path])
            #expect(result.code == 69)
            #expect(result.output.contains("cannot enter the folder \(closed.path)"))
        }
    }
}
