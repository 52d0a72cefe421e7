import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import Postgres

@Suite struct CountExplanationTests {
    static let range = "from=2026-03-29T10:00:00Z&to=2026-03-29T11:00:00Z"

    /// What is appended to the log, and where the read model then is.
    static func settle(_ api: TestAPI) async throws -> Int64 {
        let head = try await api.log.head()
        try #require(try await api.get("/cameras/1/counts?min_position=\(head)").position == head)
        return head
    }

    @Test func explanationListsTheEventsAndTheirSum() async throws {
        try await withAPI { api in
            try await api.register()
            let readings = #"""
                {"source":"w7","readings":[
                {"sequence":1,"observed_at":"2026-03-29T09:59:59.999999Z","line":"door","class":"person","count_in":9,"count_out":9},
                {"sequence":2,"observed_at":"2026-03-29T10:00:00Z","line":"door","class":"person","count_in":2,"count_out":0},
                {"sequence":3,"observed_at":"2026-03-29T11:00:00Z","line":"door","class":"person","count_in":9,"count_out":9},
                {"sequence":4,"observed_at":"2026-03-29T10:20:00Z","line":"gate","class":"person","count_in":0,"count_out":4},
                {"sequence":5,"observed_at":"2026-03-29T10:59:59Z","line":"door","class":"car","count_in":1,"count_out":1}]}
                """#
            #expect(try await api.post("/cameras/1/counts", readings, headers: [.actor: "worker-7"]).status == 201)
            let head = try await Self.settle(api)

            let all = try await api.get("/cameras/1/counts/explain?\(Self.range)")
            #expect(all.status == 200, "\(all.body)")
            #expect(all.position == head)
            #expect(all["position"]?.integer == head)
            #expect(all["from"] == "2026-03-29T10:00:00Z")
            #expect(all["to"] == "2026-03-29T11:00:00Z")
            #expect(all["differs"] == false)
            #expect(all["differences"] == [])
            #expect(all["explained"] == all["read_model"])
            #expect(all["explained"]?["count_in"] == 3)
            #expect(all["explained"]?["count_out"] == 5)
            #expect(all["explained"]?["readings"] == 3)
            let items = try #require(all["items"]?.array)
            #expect(items.map { $0["sequence"] } == [2, 4, 5])
            #expect(items.map { $0["position"] } == [3, 5, 6])
            #expect(items.map { $0["version"] } == [2, 4, 5])
            #expect(items.allSatisfy { $0["source"] == "w7" && $0["actor"] == "worker-7" })
            #expect(items[0]["observed_at"] == "2026-03-29T10:00:00Z")
            #expect(items[0]["recorded_at"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
            #expect(items[0]["count_in"] == 2)

            let doors = try await api.get("/cameras/1/counts/explain?\(Self.range)&line=door&class=person")
            #expect(doors["items"]?.array?.map { $0["sequence"] } == [2])
            #expect(doors["explained"]?["count_in"] == 2)
            #expect(doors["differs"] == false)
            let widened = try await api.get(
                "/cameras/1/counts/explain?from=2026-03-29T10:01:00Z&to=2026-03-29T10:59:00Z")
            #expect(widened["items"] == all["items"])
        }
    }

    @Test func whatTheReadModelSkipsIsNeitherExplainedNorCorrected() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send(["2026-03-29T10:00:00Z"], to: api)
            let pool = try #require(api.pool)
            let bad = try await api.log.head() + 1
            try await pool.query("insert into projection_skips values ('hourly_counts', $1, $1)", [.integer(bad)])
            let poison = NewEvent(
                type: "CountReadingRecorded",
                data: [
                    "camera_id": 1, "observed_at": "2026-03-29T10:05:00Z", "line": "door", "class": "person",
                    "count_in": "many", "count_out": 0,
                ])
            _ = try await api.log.append([Append(to: "telemetry-1", events: [poison])])
            _ = try await Self.settle(api)

            let explanation = try await api.get("/cameras/1/counts/explain?\(Self.range)")
            #expect(explanation.status == 200, "\(explanation.body)")
            #expect(explanation["differs"] == false)
            #expect(explanation["explained"]?["readings"] == 1)
            #expect(explanation["skipped_positions"] == [.integer(bad)])
            let correction = #"""
                {"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","line":"door","class":"person",
                "delta_in":1,"reason":"one more"}
                """#
            #expect(try await api.post("/cameras/1/counts/corrections", correction).status == 201)
        }
    }

    @Test func explanationComesPageByPageWithTheWholeSum() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send((0..<7).map { "2026-03-29T10:0\($0):00Z" }, to: api)
            var positions: [Int64] = []
            var path: String? = "/cameras/1/counts/explain?\(Self.range)&limit=3&line=door"
            while let next = path {
                let page = try await api.get(next)
                #expect(page["explained"]?["count_in"] == 7)
                positions += (page["items"]?.array ?? []).compactMap { $0["position"]?.integer }
                path = page.header("Link").flatMap { link in
                    link.firstMatch(of: /<\/api\/v1(.*)>; rel="next"/).map { String($0.1) }
                }
            }
            #expect(positions == Array(2...8))
        }
    }

    @Test func aReadModelThatWasAlteredIsFoundOut() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send(
                ["2026-03-29T10:00:00Z", "2026-03-29T10:20:00Z", "2026-03-29T10:40:00Z"], to: api)
            let pool = try #require(api.pool)
            _ = try await pool.query(
                "update read.hourly_counts set count_in = 5 where bucket_start = '2026-03-29T10:15:00Z'")
            _ = try await pool.query("delete from read.hourly_counts where bucket_start = '2026-03-29T10:30:00Z'")
            _ = try await pool.query(
                """
                insert into read.hourly_counts (
                  camera_id, line, class, bucket_start, count_in, count_out, readings, correction_in, correction_out)
                values (1, 'ghost', 'person', '2026-03-29T10:45:00Z', 1, 0, 1, 0, 0)
                """)
            let answer = try await api.get("/cameras/1/counts/explain?\(Self.range)")
            #expect(answer["differs"] == true)
            #expect(answer["explained"]?["count_in"] == 3)
            #expect(answer["read_model"]?["count_in"] == 7)
            let differences = try #require(answer["differences"]?.array)
            #expect(
                differences.map { $0["bucket_start"] } == [
                    "2026-03-29T10:15:00Z", "2026-03-29T10:30:00Z", "2026-03-29T10:45:00Z",
                ])
            #expect(differences[0]["explained"]?["count_in"] == 1)
            #expect(differences[0]["read_model"]?["count_in"] == 5)
            #expect(differences[1]["read_model"] == .null)
            #expect(differences[2]["explained"] == .null)
            let untouched = try await api.get(
                "/cameras/1/counts/explain?from=2026-03-29T10:00:00Z&to=2026-03-29T10:15:00Z")
            #expect(untouched["differs"] == false)
        }
    }

    /// Half of what makes up the count lies in archived files, half in the tables.
    @Test func archivedEventsAreExplainedTheSame() async throws {
        try await withFolder { folder in
            try await withAPI { api in
                let (target, pool) = (try #require(api.target), try #require(api.pool))
                try await pool.withConnection { try await makeSmallSegments(5, partition: 10, on: $0) }
                try await api.register()
                try await CountTests.send((10..<20).map { "2026-03-29T10:\($0):00Z" }, to: api)
                #expect(
                    try await api.post(
                        "/cameras/1/counts/corrections", CountCorrectionTests.body(#""delta_in":-4"#)
                    ).status == 201)
                try await CountTests.send((20..<30).map { "2026-03-29T10:\($0):00Z" }, to: api)
                let path = "/cameras/1/counts/explain?\(Self.range)"
                let before = try await api.get(path)
                #expect(before["explained"]?["corrected_in"] == 16)

                try await Sealer(on: target, logger: .silent).sealAll()
                try await Archiver(on: target, logger: .silent).archive(before: .position(16), to: folder, level: 3)
                let archived = try await pool.query("select archived_to from log_head")[0].integer(0)
                #expect(archived == 10)
                let after = try await api.get(path)
                #expect(after.body == before.body)
                let left = try await pool.query("select count(*) from archived_events")[0].integer(0)
                #expect(left == 0)
                // A correction is decided on what is archived too.
                try await api.post("/cameras/1/counts/corrections", CountCorrectionTests.body(#""delta_in":-17"#))
                    .expectProblem(422, "count_below_zero")
                #expect(
                    try await api.post(
                        "/cameras/1/counts/corrections", CountCorrectionTests.body(#""delta_in":-16"#)
                    ).status == 201)
            }
        }
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder of temporary files may stay
        try await body(folder)
    }

    @Test func whatCannotBeExplainedIsSaid() async throws {
        try await withAPI { api in
            try await api.register()
            try await api.get("/cameras/2/counts/explain").expectProblem(404, "camera_not_found")
            let wrong = try await api.get(
                "/cameras/1/counts/explain?from=2026-03-29T12:00:00Z&to=2026-03-29T12:00:00Z&limit=0&bucket=hour")
            #expect(wrong.status == 422)
            #expect(Set(wrong.faults) == ["from out_of_range", "limit out_of_range", "bucket unknown_parameter"])
            #expect(try await api.delete("/cameras/1", ifMatch: "*").status == 204)
            try await api.get("/cameras/1/counts/explain").expectProblem(410, "camera_removed")
        }
    }
}
