import Counting
import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct ExportTests {
    /// A body for the day before the tests' clock.
    static func body(_ kind: String, _ format: String, _ members: String = "") -> String {
        #"{"kind":"\#(kind)","format":"\#(format)","from":"2026-03-28T12:00:00Z","to":"2026-03-29T12:00:00Z"\#(members.isEmpty ? "" : ",")\#(members)}"#
    }

    private func lines(_ text: String) -> [JSON] {
        text.split(separator: "\n").map { (try? JSON.parse(String($0))) ?? .null }
    }

    /// Records of RFC 4180: quoted fields may hold commas, quotes and line breaks.
    private func records(_ text: String) -> [[String]] {
        var (records, record, field, isQuoted): ([[String]], [String], String, Bool) = ([], [], "", false)
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            switch (scalar, isQuoted) {
            case ("\"", true) where next == "\"":
                field.unicodeScalars.append("\"")
                next = scalars.next()
            case ("\"", _): isQuoted.toggle()
            case (",", false):
                record.append(field)
                field = ""
            case ("\r", false) where next == "\n":
                records.append(record + [field])
                (record, field) = ([], "")
                next = scalars.next()
            default: field.unicodeScalars.append(scalar)
            }
        }
        #expect(record.isEmpty && field.isEmpty, "the last record ends like the others")
        return records
    }

    @Test func readingsAreWhatWasReported() async throws {
        try await withAPI { api in
            try await api.register()
            let traffic = try Traffic(seed: 3, from: "2026-03-28T00:00:00Z", to: "2026-03-29T12:00:00Z", count: 90)
            try await traffic.send(to: api)
            let noon = try #require(Timestamp(rfc3339: "2026-03-28T12:00:00Z"))
            let wanted = traffic.readings.filter { $0.instant >= noon }
            for path in ["/cameras/1/export", "/export"] {
                let answer = try await api.post(path, Self.body("readings", "jsonl", #""tz":"Asia/Kathmandu""#))
                #expect(answer.status == 200, "\(answer.body)")
                #expect(answer.header("Content-Type") == "application/x-ndjson")
                let head = try await api.log.head()
                #expect(answer.position == head)
                let rows = lines(answer.body)
                #expect(rows.map { $0["observed_at"]?.string } == wanted.map(\.instant.rfc3339))
                #expect(rows.map { $0["total_count"]?.integer } == wanted.map { $0.countIn + $0.countOut })
                let first = try #require(rows.first?["observed_local"]?.string)
                let utc = try #require(Timestamp(rfc3339: first + "Z")) - .seconds(20_700)
                #expect(utc.microseconds / 1_000_000 == (wanted.first?.instant.microseconds ?? 0) / 1_000_000)
            }
            let doors = try await api.post(
                "/export", Self.body("readings", "csv", #""line":"door","class":"car","camera_ids":[1,2]"#))
            let records = records(doors.body)
            #expect(records.first?.first == "position")
            #expect(records.count - 1 == wanted.count { $0.line == "door" && $0.objectClass == "car" })
            #expect(
                doors.header("Content-Disposition")
                    == #"attachment; filename="footfall-fleet-readings-2026-03-28_2026-03-29.csv""#)
        }
    }

    /// Berlin's day of 23 hours, Kathmandu's hours that begin at a quarter: in each camera's zone, or in that asked for.
    @Test(arguments: ["hour", "day", "week"], ["", "Asia/Kathmandu"])
    func countsAreAddedUpInWholeBuckets(_ bucket: String, _ zone: String) async throws {
        try await withAPI { api in
            for (camera, zone) in [(Int64(1), "Europe/Berlin"), (2, "UTC")] {
                try await api.register(TestAPI.camera(#""time_zone":"\#(zone)""#))
                let traffic = try Traffic(
                    seed: UInt64(camera), camera: camera, from: "2026-03-10T00:00:00Z", to: "2026-03-29T12:00:00Z",
                    count: 200)
                try await traffic.send(to: api)
            }
            let head = try await api.log.head()
            let (from, to) = ("2026-03-12T10:07:00Z", "2026-03-28T22:30:00Z")
            let members = #""bucket":"\#(bucket)""# + (zone.isEmpty ? "" : #","tz":"\#(zone)""#)
            let body =
                #"{"kind":"hourly_counts","format":"jsonl","from":"\#(from)","to":"\#(to)",\#(members)}"#
            var expected: [JSON] = []
            for camera in 1...2 {
                let parameters = "from=\(from)&to=\(to)&bucket=\(bucket)&min_position=\(head)"
                let answer = try await api.get(
                    "/cameras/\(camera)/counts?\(parameters)" + (zone.isEmpty ? "" : "&tz=\(zone)"))
                // The list is widened to whole buckets at both ends, the file has those that begin in the range.
                expected += (answer["items"]?.array ?? []).filter { ($0["bucket_start"]?.string ?? "") >= from }
            }
            let exported = lines(try await api.post("/export", body).body)
            #expect(exported.count > 3)
            let names = [
                "bucket_start", "bucket_end", "line", "class", "count_in", "count_out", "corrected_in", "readings",
            ]
            let shown = { (rows: [JSON]) in rows.map { row in names.map { row[$0] ?? .null } } }
            #expect(shown(exported) == shown(expected))
            #expect(exported.allSatisfy { $0["bucket_local"]?.string?.isEmpty == false })
            let day = lines(try await api.post("/cameras/2/export", body).body)
            #expect(day == exported.filter { $0["camera_id"] == 2 })
        }
    }

    @Test func bucketsAreForCountsAlone() async throws {
        try await withAPI { api in
            let readings = try await api.post("/export", Self.body("readings", "csv", #""bucket":"day""#))
            #expect(readings.faults == ["/bucket unknown_member"])
            let minutes = try await api.post("/export", Self.body("hourly_counts", "csv", #""bucket":"minute""#))
            #expect(minutes.faults == ["/bucket unknown_value"])
        }
    }

    @Test func frameDataIsLeftOut() async throws {
        try await withAPI { api in
            try await api.register()
            let reading =
                #"{"observed_at":"2026-03-29T10:00:00Z","line":"door","class":"person","count_in":1,"count_out":0,"frame_data":{"face":"xyz"}}"#
            #expect(try await api.post("/cameras/1/counts", reading).status == 201)
            let head = try await api.log.head()
            #expect(try await api.get("/counts?min_position=\(head)").status == 200)
            let answer = try await api.post("/cameras/1/export", Self.body("readings", "jsonl"))
            #expect(answer.body.contains("door") && !answer.body.contains("xyz"))
        }
    }

    @Test func textsAreQuotedAndFormulasDefused() async throws {
        try await withAPI { api in
            let names = ["=1+2", "+x", "-x", "@x", "＝1+2", #"a "quoted", one"#, "plain"].map {
                String(decoding: JSON.string($0).bytes.dropFirst().dropLast(), as: UTF8.self)
            }
            try await api.register(TestAPI.camera(lines: names))
            for line in names {
                try await CountTests.send(["2026-03-29T10:00:00Z"], line: line, to: api)
            }
            let shown = ["'=1+2", "'+x", "'-x", "'@x", "'＝1+2", #"a "quoted", one"#, "plain"]
            for kind in ["readings", "hourly_counts"] {
                let answer = try await api.post("/cameras/1/export", Self.body(kind, "csv"))
                let records = records(answer.body)
                let column = try #require(records.first?.firstIndex(of: "line"))
                #expect(Set(records.dropFirst().map { $0[column] }) == Set(shown), "\(answer.body)")
                #expect(Set(records.map(\.count)).count == 1)
            }
        }
    }

    @Test func countsAreTheReadModelsRows() async throws {
        try await withAPI { api in
            for camera in 1...2 {
                try await api.register()
                try await Traffic(
                    seed: UInt64(camera), camera: Int64(camera), from: "2026-03-28T12:00:00Z",
                    to: "2026-03-29T12:00:00Z",
                    count: 50
                ).send(to: api)
            }
            let answer = try await api.post("/export", Self.body("hourly_counts", "jsonl"))
            let counts = try await api.get("/counts?bucket=15m")
            let rows = lines(answer.body)
            #expect(rows.count == counts["items"]?.array?.count)
            #expect(
                rows.compactMap { $0["count_in"]?.integer }.reduce(0, +)
                    == (counts["items"]?.array ?? []).compactMap { $0["count_in"]?.integer }.reduce(0, +))
            let one = try await api.post("/cameras/2/export", Self.body("hourly_counts", "jsonl"))
            #expect(lines(one.body) == rows.filter { $0["camera_id"] == 2 })
        }
    }

    @Test func auditTrailIsExportedWhole() async throws {
        try await withAPI { api in
            for _ in 1...2 { try await api.register() }
            try await CountTests.send(["2026-03-29T10:00:00Z"], to: api)
            // Recorded by the database's clock, not by the test's.
            let body = { (format: String, members: String) in
                #"{"kind":"audit","format":"\#(format)","from":"2020-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z"\#(members)}"#
            }
            let all = try await api.get("/audit?limit=1000")
            let answer = try await api.post("/export", body("jsonl", ""))
            #expect(lines(answer.body) == all["items"]?.array)
            let one = try await api.post("/cameras/1/export", body("csv", #","type":"CameraRegistered""#))
            let records = records(one.body)
            #expect(records.count == 2)
            let data = try #require(records[0].firstIndex(of: "data"))
            #expect(try JSON.parse(records[1][data])["camera_id"] == 1)
        }
    }

    @Test func archivedEventsAreIncluded() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder of temporary files may stay
        try await withAPI { api in
            let (target, pool) = (try #require(api.target), try #require(api.pool))
            try await pool.withConnection { try await makeSmallSegments(5, partition: 10, on: $0) }
            for _ in 1...2 { try await api.register() }
            try await CountTests.send((10..<40).map { "2026-03-29T10:\($0):00Z" }, to: api)
            let bodies = [
                ("/cameras/1/export", Self.body("readings", "jsonl")), ("/export", Self.body("readings", "csv")),
                (
                    "/cameras/1/export",
                    #"{"kind":"audit","format":"jsonl","from":"2020-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z"}"#
                ),
            ]
            var before: [String] = []
            for (path, body) in bodies { before.append(try await api.post(path, body).body) }
            try await Sealer(on: target, logger: .silent).sealAll()
            try await Archiver(on: target, logger: .silent).archive(before: .position(26), to: folder, level: 3)
            #expect(try await pool.query("select archived_to from log_head")[0].integer(0) == 20)
            for ((path, body), before) in zip(bodies, before) {
                #expect(try await api.post(path, body).body == before)
            }
            #expect(lines(before[0]).count == 30)
            #expect(try await pool.query("select count(*) from archived_events")[0].integer(0) == 0)
        }
    }

    @Test func compressedFileHoldsTheSame() async throws {
        try await withAPI { api in
            try await api.register()
            try await Traffic(seed: 5, from: "2026-03-28T12:00:00Z", to: "2026-03-29T12:00:00Z", count: 900).send(
                to: api)
            for kind in ["readings", "hourly_counts"] {
                let plain = try await api.post("/cameras/1/export", Self.body(kind, "csv"))
                let compressed = try await api.client.execute(
                    uri: "/api/v1/cameras/1/export", method: .post, headers: TestAPI.json,
                    body: ByteBuffer(string: Self.body(kind, "csv", #""compression":"zstd""#)))
                #expect(compressed.headers[.contentType] == "application/zstd")
                var decompressor = try Decompressor()
                var bytes: [UInt8] = []
                try Array(compressed.body.readableBytesView).withUnsafeBytes { source in
                    try decompressor.decompress(source) { bytes += $0 }
                }
                let isComplete = decompressor.isComplete
                #expect(isComplete)
                #expect(String(decoding: bytes, as: UTF8.self) == plain.body)
                #expect(compressed.body.readableBytes * 3 < bytes.count)
            }
        }
    }

    @Test func wrongBodiesAreRefused() async throws {
        try await withAPI { api in
            try await api.register()
            #expect(try await api.get("/counts?min_position=1").status == 200)
            for (body, faults) in [
                ("{}", ["/kind required", "/format required", "/from required", "/to required"]),
                (
                    #"{"kind":"faces","format":"xls","compression":"zip","from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:00:00Z"}"#,
                    [
                        "/kind unknown_value", "/format unknown_value", "/compression unknown_value",
                        "/from out_of_range",
                    ]
                ),
                (Self.body("audit", "csv", #""line":"door""#), ["/line unknown_member"]),
                (Self.body("readings", "csv", #""camera_ids":[1]"#), ["/camera_ids unknown_member"]),
            ] {
                let answer = try await api.post("/cameras/1/export", body)
                #expect(answer.faults == faults, "\(answer.body)")
            }
            #expect(
                try await api.post("/export", Self.body("readings", "csv", #""camera_ids":[]"#)).faults
                    == ["/camera_ids out_of_range"])
            try await api.post("/cameras/9/export", Self.body("readings", "csv")).expectProblem(404, "camera_not_found")
            #expect(try await api.delete("/cameras/1", ifMatch: "*").status == 204)
            let head = try await api.log.head()
            #expect(try await api.get("/cameras?min_position=\(head)").status == 200)
            try await api.post("/cameras/1/export", Self.body("readings", "csv")).expectProblem(410, "camera_removed")
        }
    }

    /// Appends readings as they are, without the API's checks.
    static func append(_ count: Int, data: String, to api: TestAPI) async throws {
        for first in stride(from: 0, to: count, by: 1000) {
            let events = Array(
                repeating: NewEvent(type: CountReading.eventType, data: Array(data.utf8)),
                count: min(1000, count - first))
            let outcome = try await api.log.append(Append(to: "telemetry-1", expecting: .exists, events: events))
            try #require(outcome.name == "appended")
        }
    }

    private static let reading =
        #"{"camera_id":1,"observed_at":"2026-03-29T10:00:00Z","line":"door","class":"person","count_in":1,"count_out":0}"#

    /// The status is sent by then: all that can be done is not to end the answer.
    @Test func failureHalfWayBreaksTheConnection() async throws {
        try await withAPI(.live, projecting: true) { api in
            try await api.register()
            #expect(try await api.get("/counts?min_position=1").status == 200)
            try await Self.append(6000, data: Self.reading, to: api)
            let complete = try await api.post("/cameras/1/export", Self.body("readings", "jsonl"))
            #expect(complete.body.split(separator: "\n").count == 6000)
            try await Self.append(
                1, data: Self.reading.replacing(#""count_in":1"#, with: #""count_in":"many""#), to: api)
            await #expect(throws: (any Error).self) {
                _ = try await api.post("/cameras/1/export", Self.body("readings", "jsonl"))
            }
            // What ended so takes up none of the exports that may be under way.
            for _ in 0..<8 {
                await #expect(throws: (any Error).self) {
                    _ = try await api.post("/cameras/1/export", Self.body("readings", "jsonl"))
                }
            }
        }
    }

    /// Readers that take nothing are let go of, and what they have is no complete answer.
    @Test func readerThatTakesNothingIsLetGo() async throws {
        let log = LogRecord()
        try await withAPI(.live, exportTimeout: .milliseconds(200), logger: log.logger) { api in
            try await api.register()
            #expect(try await api.get("/counts?min_position=1").status == 200)
            try await Self.append(30_000, data: Self.reading, to: api)
            let port = try #require(api.client.port)
            let reader = try StuckReader(port: port, body: Self.body("readings", "jsonl"))
            await log.next("export broken off")
            let part = reader.readToEnd()
            #expect(part.hasPrefix("HTTP/1.1 200 OK"))
            #expect(!part.hasSuffix("0\r\n\r\n"))
            #expect(part.split(separator: "\n").count < 30_000)
            // The places of any number of them become free.
            var readers: [StuckReader] = []
            while try await api.post("/cameras/1/export", Self.body("hourly_counts", "csv")).status == 200 {
                readers.append(try StuckReader(port: port, body: Self.body("readings", "jsonl")))
                try #require(readers.count < 100)
            }
            while try await api.post("/cameras/1/export", Self.body("hourly_counts", "csv")).status == 503 {}
            withExtendedLifetime(readers) {}
        }
    }
}
