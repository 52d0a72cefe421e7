import Access
import EventSourcing
import HTTPTypes
import Hummingbird
import TestSupport
import Testing

@testable import API
@testable import Postgres

@Suite struct CameraListTests {
    /// Every way of asking that there is, alone and together.
    static let queries = [
        "", "sort=-id", "sort=name", "sort=-name", "sort=created_at", "sort=-created_at", "sort=updated_at",
        "sort=-updated_at", "sort=status", "sort=-status", "skip=50", "skip=99990&sort=-name", "status=online",
        "status=error&sort=name", "status=offline", "status=offline&sort=-name", "status=online&sort=status",
        "status=offline&skip=1000", "status=offline&worker_id=worker-7", "status=maintenance&sort=-updated_at",
        "desired_state=running&sort=-created_at",
        "desired_state=stopped&status=online", "worker_id=worker-7", "worker_id=worker-7&sort=name&status=error",
        "location=Hall%2017", "location_prefix=hall&sort=name", "location_prefix=h", "location_prefix=hall%2017",
        "search=camera%2077", "search=camera",
        "search=7", "search=a%207&sort=-name", "search=%25_%5C", "search=camera%205&status=error&location_prefix=hall",
        "stream_type=http", "stream_type=http&sort=name&status=error", "metadata.store=12",
        "metadata.store=x&sort=-name",
        "metadata.store=12&metadata.floor=1&status=online", "include=health,counts",
        "include=counts&limit=100&sort=name",
        "include=health&limit=100&metadata.store=12",
    ]

    static let scopes: [Scope] = [
        .cameras([3, 17, 99_000]), .location("Hall 17"), .assigned(worker: "worker-7"),
    ]

    private static let now = Timestamp(rfc3339: "2026-03-29T12:00:00Z") ?? Timestamp(microseconds: 0)

    private func schema(of projection: String, _ pool: Pool) async throws -> String {
        try await pool.query(
            "select build_schema(projection, build) from projection_builds where projection = $1 and state = 'active'",
            [.text(projection)]
        )[0].text(0)
    }

    /// A hundred thousand cameras in the tables of the read models, each with a heartbeat and three quarter hours of
    /// counts, one of them yesterday's; what the planner knows of them is up to date.
    private func fill(_ api: TestAPI) async throws {
        let pool = try #require(api.pool)
        let schema = try await schema(of: "camera_state", pool)
        let health = try await self.schema(of: "health_summary", pool)
        let counts = try await self.schema(of: "hourly_counts", pool)
        // In parts, each within the time that a statement has.
        for part in Int64(0)..<20 {
            try await pool.query(
                """
                insert into \(schema).camera_state (
                  camera_id, name, location, stream_url, stream_type, status, status_since, desired_state,
                  desired_state_since, worker_id, previous_worker_id, epoch, settings, metadata, lines, time_zone, monitoring,
                  created_at, updated_at, version, position, removed)
                select
                  number, 'Camera ' || number, 'Hall ' || number % 500, 'rtsp://10.0.0.5/s',
                  case when number % 50 = 0 then 'http' else 'rtsp' end,
                  (array['online', 'online', 'offline', 'online', 'error'])[1 + number % 5], at, 'running', at,
                  'worker-' || number % 50, case when number % 10 = 0 then 'worker-' || number % 30 end, 1, '{}', jsonb_build_object('store', number % 1000, 'floor', (number % 3)::text), '[]',
                  case when number % 2 = 0 then 'UTC' else 'Asia/Kathmandu' end, false, at, at + number * 7919 % 100000 * interval '1 s', 1, number, false
                from generate_series($1::bigint * 5000 + 1, $1::bigint * 5000 + 5000) as numbers (number)
                cross join lateral (select timestamptz '2026-01-01 00:00:00Z' + number * interval '1 s') as times (at)
                """, [.integer(part)])
            try await pool.query(
                """
                insert into \(health).health_summary (
                  camera_id, status, last_seen_at, last_heartbeat, last_heard_at, heartbeats, error_count, frames_dropped,
                  readings_refused, readings_given_up, position)
                select number, 'online', $2, $2, $2, 1, 0, 0, 0, 0, 1
                from generate_series($1::bigint * 5000 + 1, $1::bigint * 5000 + 5000) as numbers (number)
                """, [.integer(part), .timestamp(Self.now.microseconds)])
            try await pool.query(
                """
                insert into \(counts).hourly_counts (camera_id, line, class, bucket_start, count_in, count_out, readings)
                select number, 'door', 'person', $2::timestamptz - hours * interval '1 hour', 1, hours, 1
                from generate_series($1::bigint * 5000 + 1, $1::bigint * 5000 + 5000) as numbers (number)
                cross join unnest(array[1, 2, 30]) as ages (hours)
                """, [.integer(part), .timestamp(Self.now.microseconds)])
        }
        try await pool.query(
            """
            update \(schema).camera_totals set cameras = counted.cameras
            from (select status, desired_state, count(*) as cameras from \(schema).camera_state group by 1, 2) as counted
            where camera_totals.status = counted.status and camera_totals.desired_state = counted.desired_state
            """)
        // Of those that are online, a hundred have gone silent; the others do not while the test runs.
        try await pool.query(
            """
            insert into \(schema).camera_heard (camera_id, status, status_since, set_status, lapses, silent_since)
            select
              camera_id, status, status_since, status, status = 'online',
              case when camera_id % 1000 = 0 then now() - interval '1 hour' else now() + interval '1 day' end
            from \(schema).camera_state
            """)
        for table in [
            "\(schema).camera_state", "\(schema).camera_heard", "\(health).health_summary", "\(counts).hourly_counts",
        ] {
            try await pool.query("analyze \(table)")
        }
    }

    private func list(_ query: String, _ scope: Scope = .all) throws -> CameraList {
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/api/v1/cameras?\(query)")
        return try CameraList(
            Request(head: head, body: RequestBody(buffer: ByteBuffer())), scope: scope, now: Self.now)
    }

    private static let tables = ["camera_state", "camera_heard", "health_summary", "hourly_counts"]

    /// The plan's nodes that read cameras and what comes with them, as they went.
    private func scans(_ list: CameraList, _ pool: Pool) async throws -> [JSON] {
        let statement = list.statement
        let rows = try await pool.query("explain (analyze, format json) \(statement.sql)", statement.parameters)
        func nodes(_ node: JSON) -> [JSON] { [node] + (node["Plans"]?.array ?? []).flatMap(nodes) }
        let plan = try JSON.parse(rows[0].bytes(0)).array?.first?["Plan"] ?? .null
        return nodes(plan).filter { node in
            let names = [node["Relation Name"], node["Index Name"]].compactMap { $0?.string }
            return names.contains { name in Self.tables.contains { name.hasPrefix($0) } }
        }
    }

    @Test(.enabled(if: Tier.isWhole)) func listsOfAHundredThousandCamerasAreFedByIndexes() async throws {
        try await withAPI { api in
            try await fill(api)
            let pool = try #require(api.pool)
            for scope in [Scope.all] + Self.scopes {
                for query in scope == .all ? Self.queries : ["", "status=online&sort=name", "search=camera"] {
                    let list = try list(query, scope)
                    let scans = try await scans(list, pool)
                    #expect(!scans.isEmpty)
                    for scan in scans {
                        #expect(scan["Node Type"] != "Seq Scan", "\(query) \(scope): \(scan)")
                        // The first page of any order is the first of an index: nothing is gone through for it.
                        guard scope == .all, scan["Relation Name"] != "camera_heard",
                            query.isEmpty || query.wholeMatch(of: /sort=-?\w+/) != nil
                        else {
                            continue
                        }
                        #expect((scan["Actual Rows"]?.integer ?? .max) <= 10, "\(query): \(scan)")
                    }
                }
            }
            #expect(try await api.get("/cameras")["total"] == 100_000)
            #expect(try await api.get("/cameras?status=error")["total"] == 20_000)
            #expect(try await api.get("/cameras?status=online")["total"] == 59_900)
            #expect(try await api.get("/cameras?status=offline")["total"] == 20_100)
            #expect(try await api.get("/cameras?status=offline&worker_id=worker-0")["total"] == 100)
            let silent = try await api.get("/cameras?status=offline&worker_id=worker-0&sort=status&limit=1")
            #expect(silent["items"]?.array?.first?["status"] == "offline")
            #expect(try await api.get("/cameras?search=camera%2077")["total"] == 1111)
            #expect(try await api.get("/cameras?location_prefix=hall%2017")["total"] == 2200)
            #expect(try await api.get("/cameras?location_prefix=l%2017")["total"] == 0)
            #expect(try await api.get("/cameras?location=hall%2017")["total"] == 0)
            #expect(try await api.get("/cameras?stream_type=http")["total"] == 2000)
            #expect(try await api.get("/cameras?stream_type=rtsp&metadata.floor=1")["total"] == 32_667)
            #expect(try await api.get("/cameras?metadata.store=12")["total"] == 100)
            let wall = try await api.get("/cameras?limit=100&include=health,counts&sort=-id")
            let cameras = try #require(wall["items"]?.array)
            #expect(cameras.count == 100)
            #expect(cameras.allSatisfy { $0["health"]?["status"] == $0["status"] && $0["status"] != nil })
            #expect(
                cameras.allSatisfy { $0["counts_today"]?["count_out"] == 3 && $0["counts_today"]?["readings"] == 2 })
            let last = try await api.get("/cameras?skip=99990&sort=created_at")
            #expect(last["items"]?.array?.last?["id"] == 100_000)
        }
    }

    @Test func shortAndStrangePatternsAreFoundAsTheyStand() async throws {
        try await withAPI { api in
            for (name, notes) in [("Ärger 1_2", "a\\nb"), ("Berg", "50% Ä"), ("b%", "xyz")] {
                try await api.register(
                    TestAPI.camera(#""description":"\#(notes)","location":"\#(name)/L""#, name: name))
            }
            _ = try await api.get("/cameras?min_position=3")
            func ids(_ query: String) async throws -> [Int64] {
                let answer = try await api.get("/cameras?\(query)")
                let ids = (answer["items"]?.array ?? []).compactMap { $0["id"]?.integer }
                #expect(answer["total"]?.integer == Int64(ids.count))
                return ids
            }
            #expect(try await ids("search=b") == [1, 2, 3])
            #expect(try await ids("search=%C3%84") == [1, 2])
            #expect(try await ids("search=_") == [1])
            #expect(try await ids("search=1_2") == [1])
            #expect(try await ids("search=1%252") == [])
            #expect(try await ids("search=%25") == [2, 3])
            #expect(try await ids("search=0%25%20") == [2])
            #expect(try await ids("search=be") == [2])
            // From the end of a name into the description there is no match.
            #expect(try await ids("search=g5") == [])
            #expect(try await ids("search=g%2050") == [])
            #expect(try await ids("location=b%25/L") == [3])
            #expect(try await ids("location=B%25/L") == [])
            #expect(try await ids("location=%25/L") == [])
            #expect(try await ids("location_prefix=B") == [2, 3])
            #expect(try await ids("location_prefix=B%25") == [3])
            #expect(try await ids("location_prefix=%C3%A4rger%201_") == [1])
            #expect(try await ids("location_prefix=%25/L") == [])
            #expect(try await ids("search=&location_prefix=") == [1, 2, 3])
        }
    }

    @Test func totalsFollowTheCameras() async throws {
        try await withAPI { api in
            for _ in 0..<4 { try await api.register() }
            _ = try await api.post("/cameras/1/start")
            _ = try await api.post("/cameras/2/start")
            _ = try await api.patch("/cameras/2/status", #"{"status":"online"}"#, ifMatch: "*")
            _ = try await api.delete("/cameras/3", ifMatch: "*")
            _ = try await api.patch("/cameras/4/status", #"{"status":"maintenance"}"#, ifMatch: "*")
            _ = try await api.get("/cameras?min_position=\(try await api.log.head())")
            for (query, total) in [
                ("", 3), ("status=online", 1), ("status=error", 0), ("desired_state=running", 2),
                ("desired_state=stopped&status=maintenance", 1), ("desired_state=running&status=maintenance", 0),
            ] as [(String, Int64)] {
                let answer = try await api.get("/cameras?\(query)")
                #expect(answer["total"]?.integer == total, "\(query)")
                #expect(answer["items"]?.array?.count == Int(total), "\(query)")
            }
        }
    }
}
