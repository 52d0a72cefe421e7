import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import Logging
import Postgres
import Secrets
import Synchronization
import TestSupport
import Testing

/// What cameras keep secret, from the request to the worker, and nowhere else.
@Suite struct SecretTests {
    static func camera(_ credentials: String, _ members: String = "") -> String {
        #"{"name":"Entrance","stream_url":"rtsp://\#(credentials)@10.0.0.5/s","stream_type":"rtsp"\#(members)}"#
    }

    private func assignment(_ api: TestAPI, after position: Int64?) async throws -> JSON? {
        let answer = try await api.get("/workers/worker-1/assignments?min_position=\(position ?? 0)")
        #expect(answer.status == 200, "\(answer.body)")
        return answer["items"]?.array?.first
    }

    @Test func onlyTheWorkerIsGivenThem() async throws {
        try await withAPI { api in
            let registered = try await api.post(
                "/cameras", Self.camera("u:p%40x", #","security_config":{"token":"t1","n":1}"#))
            #expect(registered["stream_url"] == "rtsp://***@10.0.0.5/s")
            #expect(registered["security_config"] == "***")
            let started = try await api.post("/cameras/1/start")
            let item = try await assignment(api, after: started.position)
            #expect(item?["stream_url"] == "rtsp://u:p%40x@10.0.0.5/s")
            #expect(item?["security_config"] == ["n": 1, "token": "t1"])
            let shown = try await api.get("/cameras/1?min_position=\(started.position ?? 0)")
            #expect(shown["stream_url"] == "rtsp://***@10.0.0.5/s")
            #expect(shown["security_config"] == "***")
        }
    }

    @Test func whatIsSentAgainChangesNothing() async throws {
        try await withAPI { api in
            try await api.register(Self.camera("u:p", #","security_config":{"b":2,"a":1}"#))
            for (credentials, config) in [("u:p", #"{"a":1.0,"b":2}"#), ("***", #""***""#)] {
                let body = Self.camera(credentials, #","security_config":\#(config)"#)
                let answer = try await api.put("/cameras/1", body, ifMatch: "*")
                #expect(answer.eTag == "\"1\"", "\(answer.body)")
            }
            let changed = try await api.put(
                "/cameras/1", Self.camera("u:q", #","security_config":"***""#), ifMatch: "*")
            #expect(changed.eTag == "\"2\"")
            let history = try await api.get("/cameras/1/history?limit=1")
            let changes = history["items"]?.array?.first?["changes"]
            #expect(changes == [["member": "/stream_credentials", "before": "***", "after": "***"]])
            let without = try await api.put("/cameras/1", Self.camera("u:q"), ifMatch: "*")
            #expect(without["security_config"] == .null)
        }
    }

    @Test func aMaskNeedsSomethingBehindIt() async throws {
        try await withCommands { api in
            let registered = try await api.post("/cameras", TestAPI.camera(#""security_config":"***""#))
            #expect(registered.faults == ["/security_config masked_security_config"])
            try await api.register()
            let replaced = try await api.put(
                "/cameras/2", TestAPI.camera(#""security_config":"***""#), ifMatch: "*")
            #expect(replaced.faults == ["/security_config masked_security_config"])
            for wrong in ["[]", #""secret-marker""#, "7"] {
                let answer = try await api.post("/cameras", TestAPI.camera(#""security_config":\#(wrong)"#))
                answer.expectProblem(422, "validation_failed")
                #expect(!answer.body.contains("secret-marker"))
            }
        }
    }

    /// Logs of before hold credentials in clear. They go on working, and a change takes them along encrypted.
    @Test func credentialsOfOldEventsAreReadAndLeftBehind() async throws {
        try await withAPI { api in
            let data =
                #"{"camera_id":1,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.5/s","stream_credentials":"u:old","stream_type":"rtsp","lines":[]}"#
            _ = try await api.log.append(
                Append(
                    to: "camera-1", expecting: .noStream,
                    events: [NewEvent(type: "CameraRegistered", data: Array(data.utf8))], opens: ["telemetry-1"]))
            let started = try await api.post("/cameras/1/start")
            #expect(started["stream_url"] == "rtsp://***@10.0.0.5/s")
            #expect(try await assignment(api, after: started.position)?["stream_url"] == "rtsp://u:old@10.0.0.5/s")
            let renamed = try await api.put(
                "/cameras/1", Self.camera("***").replacing("/s\"", with: "/t\""), ifMatch: "*")
            #expect(renamed.status == 200, "\(renamed.body)")
            let event = try #require(try await api.log.readAll("camera-1").last)
            #expect(event.schemaVersion == 2)
            #expect(!String(decoding: event.data, as: UTF8.self).contains("u:old"))
            #expect(try await assignment(api, after: renamed.position)?["stream_url"] == "rtsp://u:old@10.0.0.5/t")
            #expect(renamed.eTag == "\"3\"")
            let rows = try await #require(api.pool).query(
                "select stream_credentials from read.camera_state where camera_id = 1")
            #expect(rows[0].isNull(0))
        }
    }

    /// Tuning a camera with such credentials takes them along too, and leaves what is secret as it is otherwise.
    @Test func tuningTakesSecretsAlong() async throws {
        let config =
            #"{"settings":{},"time_zone":"UTC","lines":[{"name":"door","from":[0,0],"to":[1,1],"inside":[0,1]}]}"#
        try await withAPI { api in
            let data =
                #"{"camera_id":100,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.5/s","stream_credentials":"u:old","stream_type":"rtsp","lines":[]}"#
            _ = try await api.log.append(
                Append(
                    to: "camera-100", expecting: .noStream,
                    events: [NewEvent(type: "CameraRegistered", data: Array(data.utf8))], opens: ["telemetry-100"]))
            let tuned = try await api.put("/cameras/100/config", config, ifMatch: "\"1\"")
            #expect(tuned.eTag == "\"3\"", "\(tuned.body)")
            for event in try await api.log.readAll("camera-100", after: 1) {
                #expect(!String(decoding: event.data, as: UTF8.self).contains("u:old"))
            }
            var started = try await api.post("/cameras/100/start")
            #expect(try await assignment(api, after: started.position)?["stream_url"] == "rtsp://u:old@10.0.0.5/s")
            _ = try await api.post("/cameras/100/stop")

            let registered = try await api.post(
                "/cameras", Self.camera("u:p", #","security_config":{"a":1}"#))
            let path = "/cameras/\(registered["id"]?.integer ?? 0)"
            #expect(try await api.put(path + "/config", config, ifMatch: "\"1\"").eTag == "\"2\"")
            started = try await api.post(path + "/start")
            let item = try await assignment(api, after: started.position)
            #expect(item?["stream_url"] == "rtsp://u:p@10.0.0.5/s")
            #expect(item?["security_config"] == ["a": 1])
        }
    }

    @Test func frameDataIsKeptWhereItIsAskedForOnly() async throws {
        try await withAPI { api in
            let reading = #"{\#(TelemetryTests.reading),"frame_data":{"faces":["marker-face"]}}"#
            try await api.register()
            try await api.register(TestAPI.camera(#""settings":{"keep_frame_data":true}"#))
            let dropped = try await api.post("/cameras/1/counts", reading)
            #expect(dropped["frame_data"] == "dropped")
            let kept = try await api.post("/cameras/2/counts", reading)
            #expect(kept["frame_data"] == "kept")
            let plain = try await api.post("/cameras/2/counts", "{\(TelemetryTests.reading)}")
            #expect(plain.json.object?.keys.elementsEqual(["results"]) == true)
            let position = try #require(kept.position)
            let shown = try await api.get("/cameras/2/frames/\(position)")
            #expect(shown.json == ["position": .integer(position), "frame_data": ["faces": ["marker-face"]]])
            try await api.get("/cameras/1/frames/\(dropped.position ?? 0)").expectProblem(404, "frame_data_not_found")
            try await api.get("/cameras/1/frames/\(position)").expectProblem(404, "frame_data_not_found")
            try await api.get("/cameras/2/frames/\(plain.position ?? 0)").expectProblem(404, "frame_data_not_found")
            try await api.get("/cameras/2/frames/x").expectProblem(404, "frame_data_not_found")

            let audit = try await api.get("/audit?camera_id=2&type=CountReadingRecorded")
            let data = try #require(audit["items"]?.array?.first?["data"])
            #expect(data["frame_data"] == "***")
            #expect(data["sealed_frame_data"] == nil)
            for event in try await api.log.read(after: 0, limit: 100) {
                #expect(!String(decoding: event.data, as: UTF8.self).contains("marker-face"))
            }
        }
    }
}

/// `DELETE /cameras/{id}?erase=true`.
@Suite struct ErasureTests {
    private func keys(_ api: TestAPI) async throws -> [String] {
        try await #require(api.pool).query(
            """
            select concat_ws(' ', camera_id, case when wrapped is null then 'none' else 'key' end,
              (select count(*) from camera_secrets as secret where secret.camera_id = key.camera_id))
            from camera_keys as key
            order by camera_id
            """
        ).map { try $0.text(0) }
    }

    @Test func keyAndEventAreOneTransaction() async throws {
        try await withAPI { api in
            try await api.register(SecretTests.camera("u:p"))
            try await api.register(SecretTests.camera("u:p"))
            #expect(try await keys(api) == ["1 key 1", "2 key 1"])
            // As it is left by a process that dies right after the append.
            let log = CommandLog(api)
            try await log.appendErasure(of: 1)
            #expect(try await keys(api) == ["1 none 0", "2 key 1"])
        }
    }

    @Test func anErasureIsIdempotentAndMayComeLater() async throws {
        try await withAPI { api in
            try await api.register(SecretTests.camera("u:p"))
            try await api.register(SecretTests.camera("u:p"))
            try await api.register()
            let erased = try await api.delete("/cameras/1?erase=true", ifMatch: "\"1\"")
            #expect(erased.status == 204, "\(erased.body)")
            #expect(try await keys(api) == ["1 none 0", "2 key 1"])
            #expect(try await api.delete("/cameras/1?erase=true", ifMatch: "*").position == erased.position)
            try await api.delete("/cameras/1", ifMatch: "*").expectProblem(410, "camera_removed")

            #expect(try await api.delete("/cameras/2", ifMatch: "*").status == 204)
            #expect(try await keys(api) == ["1 none 0", "2 key 1"])
            let later = try await api.delete("/cameras/2?erase=true", ifMatch: "\"1\"")
            #expect(later.status == 204, "\(later.body)")
            #expect(try await keys(api) == ["1 none 0", "2 none 0"])
            #expect(try await api.delete("/cameras/2?erase=true", ifMatch: "*").position == later.position)
            #expect(try await api.log.readAll("erasure-2").map(\.type) == ["CameraErased"])

            // Never had a key, and gets none any more.
            #expect(try await api.delete("/cameras/3?erase=true", ifMatch: "*").status == 204)
            #expect(try await keys(api) == ["1 none 0", "2 none 0", "3 none 0"])
            try await api.delete("/cameras/9?erase=true", ifMatch: "*").expectProblem(404, "camera_not_found")
            try await api.put("/cameras/1", SecretTests.camera("u:q"), ifMatch: "*").expectProblem(
                410, "camera_removed")
            #expect(try await keys(api) == ["1 none 0", "2 none 0", "3 none 0"])
            #expect(
                try await api.log.readAll("camera-1").map(\.type)
                    == ["CameraRegistered", "CameraRemoved", "CameraErased"])
            let audit = try await api.get("/audit?camera_id=2&type=CameraErased")
            #expect(audit["items"]?.array?.count == 1)
            #expect(audit["items"]?.array?.first?["severity"] == "warning")
        }
    }

    @Test func aStaleErasureDoesNothing() async throws {
        try await withAPI { api in
            try await api.register(SecretTests.camera("u:p"))
            _ = try await api.post("/cameras/1/start")
            try await api.delete("/cameras/1?erase=true", ifMatch: "\"1\"").expectProblem(412, "stale_version")
            try await api.send(.delete, "/cameras/1?erase=true").expectProblem(428, "precondition_required")
            try await api.delete("/cameras/1?erase=yes", ifMatch: "*").expectProblem(422, "validation_failed")
            #expect(try await keys(api) == ["1 key 1"])
        }
    }

    /// A secret that is kept while the key is destroyed is either destroyed with it or not kept at all.
    @Test func nothingIsKeptBesideAnErasure() async throws {
        try await withAPI(projecting: false) { api in
            for camera in 1...8 {
                try await api.register(SecretTests.camera("u:p"))
                async let replaced = api.put("/cameras/\(camera)", SecretTests.camera("u:q"), ifMatch: "*")
                async let erased = api.delete("/cameras/\(camera)?erase=true", ifMatch: "*")
                let (answer, erasure) = (try await replaced, try await erased)
                #expect([200, 410].contains(answer.status), "\(answer.body)")
                #expect(erasure.status == 204, "\(erasure.body)")
                #expect(try await keys(api).last == "\(camera) none 0")
            }
        }
    }

    @Test func whatTheKeyProtectedIsInNoTableAndNoFile() async throws {
        let markers = ["marker-user", "marker-pass", "marker-config", "marker-face"]
        let archive = FileManager.default.temporaryDirectory.appending(path: "footfall-erased-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: archive) }  // a folder in /tmp may stay
        try await withAPI(projecting: false) { api in
            let target = try #require(api.target)
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await makeSmallSegments(5, partition: 10, on: connection)
            let body = SecretTests.camera(
                "marker-user:marker-pass",
                #","security_config":{"k":"marker-config"},"settings":{"keep_frame_data":true}"#
            )
            try await api.register(body)
            let counted = try await api.post(
                "/cameras/1/counts", #"{\#(TelemetryTests.reading),"frame_data":{"k":"marker-face"}}"#)
            #expect(counted["frame_data"] == "kept")
            let position = try #require(counted.position)
            #expect(try await api.get("/cameras/1/frames/\(position)").status == 200)
            for _ in 0..<20 { _ = try await api.post("/cameras/1/counts", "{\(TelemetryTests.reading)}") }
            try await Sealer(on: target, logger: .silent).sealAll()
            try await Archiver(on: target, logger: .silent).archive(before: .position(11), to: archive, level: 3)
            let wrapped = try await #require(api.pool).query("select wrapped from camera_keys")[0].bytes(0)
            let erased = try await api.delete("/cameras/1?erase=true", ifMatch: "*")
            #expect(erased.status == 204)
            try await api.get("/cameras/1/frames/\(position)").expectProblem(410, "camera_erased")

            let history = try await api.get("/cameras/1/history")
            #expect(
                history["items"]?.array?.map { $0["type"] } == ["CameraErased", "CameraRemoved", "CameraRegistered"])
            let summary = try await Verifier(on: target, logger: .silent).run()
            #expect(summary.archivedTo == 10)
            #expect(summary.events == 24)
            let events = try await api.log.read(after: 0, limit: 100)
            for marker in markers {
                #expect(!events.contains { String(decoding: $0.data, as: UTF8.self).contains(marker) })
            }
            // Everything that is on its way to the disk.
            try await connection.script("checkpoint")
            let folder = try await connection.query("select current_setting('data_directory')")[0].text(0)
            let database = try await connection.query(
                "select oid::text from pg_database where datname = current_database()")[0].text(0)
            let files = [folder + "/base/" + database, folder + "/pg_wal", folder + "/server.log", archive.path]
            #expect(try !grep("10.0.0.5/s", files).isEmpty)
            for marker in markers { #expect(try grep(marker, files).isEmpty, "\(marker)") }
            // Transactions of other tests hold back what may be cleared; asked again, the erasure clears again.
            while try await isInFile(wrapped, of: "camera_keys", below: folder, connection) {
                try Task.checkCancellation()
                #expect(try await api.delete("/cameras/1?erase=true", ifMatch: "*").status == 204)
                try await connection.script("checkpoint")
            }
        }
    }

    private func isInFile(
        _ bytes: [UInt8], of table: String, below folder: String, _ connection: Connection
    ) async throws -> Bool {
        let path = try await connection.query("select pg_relation_filepath($1::text::regclass)", [.text(table)])[0]
            .text(0)
        let file = try #require(FileManager.default.contents(atPath: folder + "/" + path))
        return file.range(of: Data(bytes)) != nil
    }

    /// The files below these that hold the text.
    private func grep(_ text: String, _ paths: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["grep", "-srlaF", text] + paths
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let found = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: found, as: UTF8.self)
    }
}

/// Appends as another process would.
private struct CommandLog {
    let log: any EventLog

    init(_ api: TestAPI) { log = api.log }

    func appendErasure(of camera: Int64) async throws {
        let event = { (type: String) in NewEvent(type: type, data: ["camera_id": .integer(camera)]) }
        _ = try await log.append(
            Append(to: StreamName("camera-\(camera)"), events: [event("CameraRemoved"), event("CameraErased")]))
    }
}

/// Requests of every kind with secrets in them, and all that anybody can see of it.
@Suite struct SecretLeakTests {
    private static let markers = ["marker-pw", "marker-cfg", "marker-key"]

    /// Keeps every line.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock(\.self) }

        var logger: Logger {
            var logger = Logger(label: "test") { _ in Handler(lines: self) }
            logger.logLevel = .trace
            return logger
        }

        fileprivate func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
            lines.add("\(event.level) \(event.message) \(all)")
        }
    }

    @Test func noAnswerLogOrTrailShowsASecret() async throws {
        let lines = Lines()
        try await withAPI(logger: lines.logger) { api in
            var seen: [String] = []
            func note(_ answer: Answer) { seen.append("\(answer.status) \(answer.headers) \(answer.body)") }
            let config = #","security_config":{"marker-key":"marker-cfg"}"#
            let good = SecretTests.camera("u:marker-pw", config)
            note(try await api.post("/cameras", good))
            let bad = [
                good.replacing("rtsp://", with: "ftp://"), good.replacing("10.0.0.5", with: "10.0.0.5:99999"),
                good.replacing("@10.0.0.5", with: "@"), good.replacing("Entrance", with: "E"),
                good.replacing("marker-pw", with: "marker pw marker-pw"),
                String(good.dropLast()), good.replacing("\"security_config\":", with: "\"colour\":"),
                good.replacing(#"{"marker-key":"marker-cfg"}"#, with: #""marker-cfg""#),
                good.replacing("marker-cfg", with: String(repeating: "marker-cfg", count: 2000)),
                good.replacing("/s\"", with: "/" + String(repeating: "s", count: 3000) + "\""),
            ]
            for body in bad {
                note(try await api.post("/cameras", body))
                note(try await api.put("/cameras/1", body, ifMatch: "*"))
            }
            #expect(seen.count { $0.hasPrefix("4") } == 2 * bad.count, "\(seen)")
            note(try await api.post("/cameras/1/start"))
            note(try await api.put("/cameras/1", good.replacing("marker-pw", with: "marker-pw2"), ifMatch: "\"1\""))
            note(try await api.put("/cameras/1", good.replacing("marker-pw", with: "marker-pw2"), ifMatch: "*"))
            note(try await api.put("/cameras/77", good, ifMatch: "*"))
            note(try await api.put("/cameras/1", good, ifMatch: nil))
            note(try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*"))
            let last = try await api.post("/cameras/1/start")
            last.expectProblem(409, "camera_in_maintenance")
            note(last)
            let head = try await api.log.head()
            for path in [
                "/cameras/1?min_position=\(head)", "/cameras", "/cameras/1/history", "/cameras/1?version=1", "/audit",
                "/audit?camera_id=1", "/projections", "/cameras/1/health", "/health/ready",
            ] { note(try await api.get(path)) }
            // The database fails while a secret is kept.
            try await #require(api.pool).query("alter table camera_secrets rename to hidden")
            let failed = try await api.post("/cameras", good.replacing("marker-pw", with: "marker-pw3"))
            #expect(failed.status >= 500, "\(failed.body)")
            note(failed)
            note(try await api.delete("/cameras/1", ifMatch: "*"))
            for marker in Self.markers {
                #expect(seen.filter { $0.contains(marker) } == [])
                #expect(lines.all.filter { $0.contains(marker) } == [])
            }
            #expect(!lines.all.isEmpty)
        }
    }
}
