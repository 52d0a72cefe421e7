import EventSourcing
import Testing

@testable import Postgres

/// What was counted belongs to where the camera hung then.
@Suite struct PlaceHistoryTests {
    /// A camera that hung in the old hall until 10:00, in the new one until 11:00, and nowhere since; each hour it counted
    /// one, then two, then four.
    private func withMovedCamera(_ body: @escaping @Sendable (TestAPI) async throws -> Void) async throws {
        try await withAPI { api in
            let pool = try #require(api.pool)
            try await api.register(TestAPI.camera(#""location":"Old hall""#))
            for place in [#""location":"New hall""#, ""] {
                #expect(try await api.put("/cameras/1", TestAPI.camera(place), ifMatch: "*").status == 200)
            }
            try await api.register(TestAPI.camera(#""location":"Old hall""#))
            for (time, count) in [("09:59:59", 1), ("10:00:00", 2), ("11:30:00", 4)] {
                let reading = #"""
                    {"observed_at":"2026-03-29T\#(time)Z","line":"door","count_in":\#(count),"count_out":0}
                    """#
                #expect(try await api.post("/cameras/1/counts", reading).status == 201)
            }
            #expect(try await api.get("/counts?min_position=\(try await api.log.head())").status == 200)
            // The database's own clock says when an event was recorded.
            for (time, place) in [("10:00", "New hall"), ("11:00", nil)] as [(String, String?)] {
                try await pool.query(
                    """
                    update read.camera_locations set since = $1::text::timestamptz
                    where camera_id = 1 and position > 1 and location is not distinct from $2
                    """, [.text("2026-03-29T\(time):00Z"), .text(place)])
            }
            try await body(api)
        }
    }

    private static let range = "from=2026-03-29T09:00:00Z&to=2026-03-29T12:00:00Z"

    @Test func sharesOfPlacesFollowTheCamerasHistory() async throws {
        try await withMovedCamera { api in
            let answer = try await api.get("/analytics/summary?\(Self.range)")
            let shares = answer["by_location"]?.array ?? []
            #expect(shares.map { $0["location"] } == [.null, "New hall", "Old hall"], "\(answer.body)")
            #expect(shares.map { $0["count_in"] } == [4, 2, 1])
            #expect(answer["totals"]?["count_in"] == 7)
            // Where it hangs today is told of the camera itself.
            #expect(answer["busiest"]?.array?.map { $0["location"] } == [.null])
        }
    }

    @Test(arguments: [("Old%20hall", 1, 2), ("New%20hall", 2, 1), ("Hall", 0, 0)])
    func aPlacesCountsAreThoseOfItsTime(place: String, count: Int, cameras: Int) async throws {
        try await withMovedCamera { api in
            let query = "\(Self.range)&location=\(place)"
            let items = try await api.get("/counts?\(query)")["items"]?.array ?? []
            #expect(items.compactMap { $0["count_in"]?.integer }.reduce(0, +) == Int64(count))
            let summary = try await api.get("/analytics/summary?\(query)")
            #expect(summary["totals"]?["count_in"] == .integer(Int64(count)))
            #expect(summary["cameras"]?["total"] == .integer(Int64(cameras)))
            for kind in ["readings", "hourly_counts"] {
                let name = place.replacing("%20", with: " ")
                let export = try await api.post(
                    "/export",
                    #"""
                    {"kind":"\#(kind)","format":"jsonl","from":"2026-03-29T09:00:00Z","to":"2026-03-29T12:00:00Z",
                    "location":"\#(name)"}
                    """#)
                let rows = export.body.split(separator: "\n").compactMap { try? JSON.parse(String($0)) }
                #expect(rows.compactMap { $0["count_in"]?.integer }.reduce(0, +) == Int64(count), "\(export.body)")
            }
        }
    }

    @Test func whatWasCountedBeforeTheRegistrationBelongsToTheFirstPlace() async throws {
        try await withMovedCamera { api in
            let reading = #"{"observed_at":"2020-01-01T00:00:00Z","line":"door","count_in":9,"count_out":0}"#
            let position = try #require(try await api.post("/cameras/1/counts", reading).position)
            let answer = try await api.get(
                "/counts?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&location=Old%20hall&min_position=\(position)"
            )
            #expect(answer["items"]?.array?.map { $0["count_in"] } == [9])
        }
    }
}
