import EventSourcing
import Foundation
import Testing

/// From a video to an hourly count: the real worker on a real clip, against the real API on the embedded database.
@Suite(.timeLimit(.minutes(10)), .enabled(if: Clip.isThere, "the clip or the model is not on this machine"))
struct ClipTests {
    @Test func sevenPeopleGoInAndFiveOut() async throws {
        try await withFolder { folder in
            let footfall = try await Clip.footfall(in: folder)
            try await Clip.register(on: footfall)
            try await footfall.poll("/cameras/1") { $0["desired_state"] == "stopped" }

            let counts = try await Clip.counts(on: footfall)
            #expect(Clip.total(counts, "count_in") == 7)
            #expect(Clip.total(counts, "count_out") == 5)
            // The clip's first frame is at 08:00, and it lasts for less than a quarter of an hour.
            #expect(counts["items"]?.array?.compactMap { $0["bucket_start"]?.string } == ["2026-03-01T08:00:00Z"])

            let health = try await footfall.get("/cameras/1/health").body
            #expect((health["fps"]?.number ?? 0) > 0)
            #expect(health["error_count"] == 0)
            let camera = try await footfall.get("/cameras/1").body
            #expect(camera["status"] == "offline")
            #expect(await footfall.stop() == 0)
        }
    }

    /// Server, worker and database are killed in the middle; what was acknowledged is there once.
    @Test func aCrashInTheMiddleLosesNothingAndCountsNothingTwice() async throws {
        try await withFolder { folder in
            let first = try await Clip.footfall(in: folder)
            try await Clip.register(on: first)
            try await first.poll(Clip.countsPath) { Clip.total($0, "count_in") + Clip.total($0, "count_out") >= 3 }
            let workers = try Clip.children(of: first.program.pid)
            #expect(workers.count == 1)
            let postmaster = try #require(Clip.postmaster(in: folder))
            for pid in [first.program.pid, postmaster] + workers { kill(pid, SIGKILL) }
            await first.program.waitsForEnd()

            let second = try await Clip.footfall(in: folder)
            try await second.poll("/cameras/1") { $0["desired_state"] == "stopped" }
            let counts = try await Clip.counts(on: second)
            #expect(Clip.total(counts, "count_in") == 7)
            #expect(Clip.total(counts, "count_out") == 5)
            let recorded =
                try await second.get("/audit?type=CountReadingRecorded&limit=1000").body["items"]?.array ?? []
            #expect(recorded.count == Int(Clip.total(counts, "readings")))
            #expect(Set(recorded.map { $0["sequence"]?.integer }).count == recorded.count)

            for name in ["camera_state", "health_summary", "hourly_counts"] {
                let rebuild = try await Program.run("footfallctl", ["rebuild", name, "--data-dir", folder.path])
                #expect(rebuild.code == 0, "\(rebuild.output)")
            }
            #expect(try await Clip.counts(on: second) == counts)
            #expect(await second.stop() == 0)
        }
    }
}

/// The same clip, counted by several workers and started again and again: each passage counts once.
@Suite(.timeLimit(.minutes(10)), .enabled(if: Clip.isThere, "the clip or the model is not on this machine"))
struct RecordingClipTests {
    @Test func restartsStopsAndAnotherWorkerCountNothingTwice() async throws {
        try await withFolder { folder in
            let footfall = try await Clip.footfall(in: folder)
            try await Clip.register(on: footfall)
            try await footfall.poll(Clip.countsPath) { Clip.total($0, "count_in") + Clip.total($0, "count_out") >= 2 }
            let restarted = try await footfall.post("/cameras/1/restart")
            #expect(restarted.body["recording"]?["take"] == 1, "\(restarted.body.text)")
            try await footfall.poll(Clip.countsPath) { Clip.total($0, "count_in") + Clip.total($0, "count_out") >= 4 }
            #expect(try await footfall.post("/cameras/1/stop").body["recording"]?["state"] == "interrupted")

            let other = try Program(
                "footfall-worker",
                [
                    "--id", "other", "--server", String(footfall.base.dropLast("/api/v1".count)), "--model",
                    Clip.model.path, "--file-stream-root", Clip.file.deletingLastPathComponent().path,
                ], environment: ["FOOTFALL_TOKEN": try #require(try await footfall.asWorker("other").token)])
            _ = try await footfall.post("/cameras/1/start", ["worker_id": "other"])
            let ended = try await footfall.post("/cameras/1/start")
            #expect(ended.body["recording"]?["take"] == 1)
            let head = try await footfall.get("/projections").body["head"]?.integer ?? 0
            try await footfall.poll("/cameras/1?min_position=\(head)") { $0["desired_state"] == "stopped" }
            try await Clip.expectTheTruth(on: footfall, rebuiltIn: folder)

            let again = try await footfall.post("/cameras/1/start")
            #expect(again.body["recording"]?["state"] == "ended", "\(again.body.text)")
            #expect(again.body["desired_state"] == "stopped")
            #expect(again.body["version"] == (try await footfall.get("/cameras/1").body["version"]))
            other.signal(SIGTERM)
            #expect(await other.waitsForEnd() == 0)
            #expect(await footfall.stop() == 0)
        }
    }

    @Test func aChangeHalfWayReplacesWhatWasCounted() async throws {
        try await withFolder { folder in
            let footfall = try await Clip.footfall(in: folder)
            try await Clip.register(on: footfall)
            try await footfall.poll(Clip.countsPath) { Clip.total($0, "count_in") + Clip.total($0, "count_out") >= 3 }
            guard case .object(var config) = try await footfall.get("/cameras/1/config").body,
                case .object(var settings)? = config["settings"]
            else {
                Issue.record("no configuration")
                return
            }
            settings["confidence"] = 0.31
            config["settings"] = .object(settings)
            let changed = try await footfall.put("/cameras/1/config", .object(config))
            #expect(changed.body["recording"]?["replaces"] == 1, "\(changed.body.text)")
            try await footfall.poll("/cameras/1") { $0["desired_state"] == "stopped" }
            try await Clip.expectTheTruth(on: footfall, rebuiltIn: folder)
            #expect(await footfall.stop() == 0)
        }
    }
}

/// Debian's sample clip of people on a path, and the camera that watches it.
enum Clip {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let environment = ProcessInfo.processInfo.environment

    static let file =
        environment["FOOTFALL_TEST_VTEST"].map { URL(filePath: $0) }
        ?? root.appending(path: ".cache/opencv-doc/vtest.avi")
    static let model =
        (environment["FOOTFALL_TEST_MODELS"].map { URL(filePath: $0) }
        ?? root.deletingLastPathComponent().appending(path: "shared/models"))
        .appending(path: "yolo-fastest-1.1_body.weights")

    static var isThere: Bool {
        [file, model].allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
    }

    static func footfall(in folder: URL) async throws -> Footfall {
        try await Footfall.up(
            in: folder, ["--model", model.path, "--file-stream-root", file.deletingLastPathComponent().path])
    }

    /// The line from pixel (180, 195) to (180, 290) of 768 × 576; walking to the left is in.
    static func register(on footfall: Footfall) async throws {
        let camera = try await footfall.post(
            "/cameras",
            [
                "name": "Path", "stream_url": .string(file.absoluteString), "stream_type": "file",
                "settings": [
                    "pace": "fast", "started_at": "2026-03-01T08:00:00Z", "detector": "yolo", "classes": ["person"],
                ],
                "lines": [
                    [
                        "name": "path", "from": [0.234375, 0.338542], "to": [0.234375, 0.503472],
                        "inside": [0.1, 0.42],
                    ]
                ],
            ])
        #expect(camera.status == .created, "\(camera.body.text)")
        let started = try await footfall.post("/cameras/1/start")
        #expect(started.body["desired_state"] == "running", "\(started.body.text)")
        try await footfall.poll("/cameras/1?min_position=2") { $0["desired_state"] != nil }
    }

    static let countsPath =
        "/cameras/1/counts?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&bucket=hour&line=path&class=person"

    /// The counts once the read model reflects the whole log.
    static func counts(on footfall: Footfall) async throws -> JSON {
        let head = try await footfall.get("/projections").body["head"]?.integer ?? 0
        return try await footfall.get(countsPath + "&min_position=\(head)").body
    }

    /// Seven in, five out: in the read model, in the log that it is folded from, and in one that is built again.
    static func expectTheTruth(on footfall: Footfall, rebuiltIn folder: URL) async throws {
        let counts = try await counts(on: footfall)
        #expect(total(counts, "count_in") == 7)
        #expect(total(counts, "count_out") == 5)
        let explanation = try await footfall.get(
            "/cameras/1/counts/explain?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z"
        ).body
        #expect(explanation["differs"] == false)
        #expect(explanation["explained"]?["count_in"] == 7)
        let rebuild = try await Program.run("footfallctl", ["rebuild", "hourly_counts", "--data-dir", folder.path])
        #expect(rebuild.code == 0, "\(rebuild.output)")
        #expect(try await self.counts(on: footfall) == counts)
    }

    static func total(_ counts: JSON, _ member: String) -> Int64 {
        (counts["items"]?.array ?? []).reduce(0) { $0 + ($1[member]?.integer ?? 0) }
    }

    /// The process ids of a process's children, whichever of its threads started them.
    static func children(of pid: Int32) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").flatMap { thread in
            try String(contentsOfFile: "/proc/\(pid)/task/\(thread)/children", encoding: .utf8)
                .split(separator: " ").compactMap { Int32($0) }
        }
    }

    static func postmaster(in folder: URL) -> Int32? {
        let file = folder.appending(path: "postgres/postmaster.pid")
        return (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n").first.flatMap { Int32($0) }
    }
}
