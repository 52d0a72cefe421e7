import EventSourcing
import Foundation
import Testing

@testable import Postgres

/// Counts say which events they lack, for good, by an operator's decision.
@Suite(.timeLimit(.minutes(5))) struct SkippedCountTests {
    private static let day = "from=2026-03-29T00:00:00Z&to=2026-03-30T00:00:00Z"

    /// Skips a reading of camera 1 before it is there, as if the projection had stopped at it.
    private func skip(in api: TestAPI) async throws -> Int64 {
        let pool = try #require(api.pool)
        let position = try await api.log.head() + 1
        try await pool.query(
            "insert into projection_skips (projection, position, skipped_by) values ('hourly_counts', $1, $1)",
            [.integer(position)])
        let event = NewEvent(
            type: "CountReadingRecorded",
            data: [
                "camera_id": 1, "observed_at": "2026-03-29T10:05:00Z", "line": "door", "class": "person",
                "count_in": "many", "count_out": 0,
            ])
        _ = try await api.log.append([Append(to: "telemetry-1", events: [event])])
        // Now the event is there, and the row says which one it is.
        try await pool.query("update projection_skips set skipped_by = skipped_by")
        // Which stream it is of says the event that records the skip, of which there is none here.
        try await pool.query("alter table projection_skips disable trigger describe_skip")
        try await pool.query(
            "update projection_skips set stream = 'telemetry-1', type = 'CountReadingRecorded' where position = $1",
            [.integer(position)])
        return position
    }

    @Test func whatIsMadeOfCountsNamesIt() async throws {
        try await withAPI { api in
            for _ in 1...2 { try await api.register() }
            let position = try await skip(in: api)
            let minimum = "&min_position=\(position)"
            let next = "from=2026-03-30T00:00:00Z&to=2026-03-31T00:00:00Z"
            for path in [
                "/cameras/1/analytics?\(Self.day)", "/analytics/summary?\(Self.day)",
                "/analytics/summary?camera_id=1&\(Self.day)", "/cameras/1/reports?date=2026-03-29",
                // What is compared with, and those who are still inside.
                "/analytics/summary?\(next)", "/cameras/1/reports?date=2026-03-30",
                "/cameras/1/analytics?from=2026-05-30T00:00:00Z&to=2026-05-31T00:00:00Z",
            ] {
                let answer = try await api.get(path + minimum)
                #expect(answer["skipped_positions"] == [.integer(position)], "\(path): \(answer.body)")
            }
            let page = try await api.get("/cameras/1/reports?date=2026-03-29&format=html")
            #expect(page.body.contains("One event is missing here"))
            for path in [
                "/cameras/2/analytics?\(Self.day)", "/analytics/summary?camera_id=2&\(Self.day)",
                "/analytics/summary?from=2026-03-27T00:00:00Z&to=2026-03-28T00:00:00Z",
                "/cameras/1/analytics?reset=daily&from=2026-05-30T00:00:00Z&to=2026-05-31T00:00:00Z",
                "/cameras/2/reports?date=2026-03-29", "/cameras/1/reports?date=2026-03-27",
            ] {
                let answer = try await api.get(path + minimum)
                #expect(answer.status == 200, "\(path): \(answer.body)")
                #expect(answer["skipped_positions"] == nil, "\(path): \(answer.body)")
            }
        }
    }

    @Test func occupancyNamesWhatIsMissingSinceTheLastReset() async throws {
        try await withAPI { api in
            try await api.register()
            let position = try await skip(in: api)
            let may = "/cameras/1/analytics?from=2026-05-30T00:00:00Z&to=2026-05-31T00:00:00Z"
            #expect(try await api.get("\(may)&min_position=\(position)")["skipped_positions"] == [.integer(position)])
            let reset = try await api.post(
                "/cameras/1/occupancy/reset", #"{"at":"2026-03-29T11:00:00Z","occupancy":0}"#)
            try #require(reset.status == 201 || reset.status == 200, "\(reset.body)")
            #expect(try await api.get("\(may)&min_position=\(position + 1)")["skipped_positions"] == nil)
        }
    }

    @Test func exportsOfCountsNameIt() async throws {
        try await withAPI { api in
            for _ in 1...2 { try await api.register() }
            let position = try await skip(in: api)
            let time = #""from":"2026-03-29T00:00:00Z","to":"2026-03-30T00:00:00Z""#
            let name = "Footfall-Skipped-Positions"
            for bucket in ["15m", "hour", "day"] {
                for path in ["/cameras/1/export", "/export"] {
                    let answer = try await api.post(
                        "\(path)?min_position=\(position)",
                        #"{"kind":"hourly_counts","format":"csv","bucket":"\#(bucket)",\#(time)}"#)
                    #expect(answer.status == 200, "\(answer.body)")
                    #expect(answer.header(name) == "\(position)", "\(path) \(bucket)")
                }
            }
            let other = try await api.post("/cameras/2/export", #"{"kind":"hourly_counts","format":"csv",\#(time)}"#)
            #expect(other.status == 200 && other.header(name) == nil)
            let readings = try await api.post("/cameras/2/export", #"{"kind":"readings","format":"csv",\#(time)}"#)
            #expect(readings.status == 200 && readings.header(name) == nil)
        }
    }

    @Test func countsOfItsCameraAndTimeNameIt() async throws {
        try await withAPI { api in
            for _ in 1...2 { try await api.register() }
            #expect(try await api.get("/cameras/1/counts?\(Self.day)&min_position=2")["skipped_positions"] == nil)
            let position = try await skip(in: api)
            let minimum = "min_position=\(position)"
            for path in ["/cameras/1/counts?", "/counts?", "/counts?camera_id=1&"] {
                let answer = try await api.get(path + Self.day + "&" + minimum)
                #expect(answer["skipped_positions"] == [.integer(position)], "\(path): \(answer.body)")
            }
            let elsewhere = [
                "/cameras/2/counts?\(Self.day)", "/counts?camera_id=2&\(Self.day)",
                "/counts?location=Nowhere&\(Self.day)",
                "/cameras/1/counts?from=2026-03-28T00:00:00Z&to=2026-03-29T00:00:00Z",
            ]
            for path in elsewhere {
                let answer = try await api.get("\(path)&\(minimum)")
                #expect(answer.status == 200, "\(answer.body)")
                #expect(answer["skipped_positions"] == nil, "\(path): \(answer.body)")
            }
        }
    }
}
