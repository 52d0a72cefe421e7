import Counting
import EventSourcing
import Synchronization
import Testing

@testable import API
@testable import Postgres

/// How quarter hours are read for an export.
@Suite(.timeLimit(.minutes(5))) struct CountsExportTests {
    private static func form(_ members: String = "") throws -> ExportForm {
        let text =
            #"{"kind":"hourly_counts","format":"jsonl","from":"2026-03-28T12:00:00Z","to":"2026-03-29T12:00:00Z"\#(members)}"#
        return try ExportForm(try JSON.parse(text), isOfFleet: true)
    }

    private func withTraffic(_ body: @escaping @Sendable (TestAPI) async throws -> Void) async throws {
        try await withAPI { api in
            for camera in Int64(1)...3 {
                try await api.register()
                try await Traffic(
                    seed: UInt64(camera), camera: camera, from: "2026-03-28T11:00:00Z", to: "2026-03-29T12:00:00Z",
                    count: 60
                ).send(to: api)
            }
            let head = try await api.log.head()
            #expect(try await api.get("/counts?min_position=\(head)").status == 200)
            try await body(api)
        }
    }

    private func lines(_ export: some ExportSource) async throws -> (text: String, pages: Int) {
        let written = Mutex<[[UInt8]]>([])
        try await export.rows { text in written.withLock { $0.append(text) } }
        let pages = written.withLock(\.self)
        return (String(decoding: pages.joined(), as: UTF8.self), pages.count)
    }

    @Test func pagesOfAnySizeMakeTheSameFile() async throws {
        try await withTraffic { api in
            let pool = try #require(api.pool)
            let everything = FleetFilter(scope: .all, cameraIDs: nil, location: nil)
            let two = FleetFilter(scope: .cameras([1, 3]), cameraIDs: nil, location: nil)
            let zone = #","tz":"Asia/Kathmandu""#
            for (members, fleet) in [("", everything), (zone, everything), (#","line":"door""#, everything), ("", two)]
            {
                var export = CountsExport(pool: pool, form: try Self.form(members), fleet: fleet)
                let (whole, _) = try await lines(export)
                let rows = whole.split(separator: "\n").count
                #expect(rows > 20)
                for size in [Int64(1), 2, 7] {
                    export.pageSize = size
                    let (text, pages) = try await lines(export)
                    #expect(text == whole, "\(size)")
                    #expect(pages >= rows / Int(size))
                }
            }
        }
    }

    @Test func partsOfAnySizeMakeTheSameFile() async throws {
        try await withTraffic { api in
            let everything = FleetFilter(scope: .all, cameraIDs: nil, location: nil)
            for bucket in ["hour", "day"] {
                let form = try Self.form(#","bucket":"\#(bucket)","tz":"Asia/Kathmandu""#)
                var export = BucketedCountsExport(pool: try #require(api.pool), form: form, fleet: everything)
                let (whole, _) = try await lines(export)
                #expect(whole.split(separator: "\n").count >= 3)
                for size in [Int64(1), 2, 7] {
                    export.bucketsPerPart = size
                    #expect(try await lines(export).text == whole, "\(bucket) \(size)")
                }
            }
        }
    }

    /// Or a reader that takes little at a time would keep it from everybody else, for as long as it likes.
    @Test func noConnectionIsHeldWhileAPageIsWritten() async throws {
        try await withTraffic { api in
            let pool = Pool(try #require(api.target), size: 1, logger: .silent)
            defer { pool.close() }
            var export = CountsExport(
                pool: pool, form: try Self.form(), fleet: FleetFilter(scope: .all, cameraIDs: nil, location: nil))
            export.pageSize = 5
            let pages = Mutex(0)
            try await export.rows { _ in
                // Waits for ever where the only connection is not there.
                let row = try await pool.query("select 1")[0]
                #expect(try row.integer(0) == 1)
                pages.withLock { $0 += 1 }
            }
            #expect(pages.withLock(\.self) > 3)
        }
    }

    @Test func pagesAreFoundByThePrimaryKey() async throws {
        try await withTraffic { api in
            let plan = try await #require(api.pool).withConnection { connection in
                try await connection.query("set enable_seqscan = off")
                defer { withExtendedLifetime(connection) {} }
                return try await connection.query(
                    """
                    explain select line from read.hourly_counts
                    where camera_id = 1 and (bucket_start, line, class) > ('2026-03-28T12:00:00Z', 'door', 'car')
                      and bucket_start < '2026-03-29T12:00:00Z'
                    order by bucket_start, line, class
                    limit 5
                    """
                ).map { try $0.text(0) }.joined(separator: "\n")
            }
            #expect(plan.contains("hourly_counts_pkey"))
            #expect(!plan.contains("Sort"))
        }
    }
}
