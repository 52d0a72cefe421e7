import Counting
import EventSourcing
import Foundation
import Testing

@testable import API
@testable import Postgres

@Suite struct AnalyticsTests {
    struct Change: CustomTestStringConvertible {
        let zone: String
        /// A day on which the clocks change, or any.
        let from: String
        let to: String

        var testDescription: String { "\(zone) \(from)" }
    }

    /// Ranges around the hours at which clocks are put forward and back, and one of a zone with an odd offset.
    static let changes = [
        Change(zone: "Europe/Berlin", from: "2025-10-24T22:00:00Z", to: "2025-10-27T23:00:00Z"),
        Change(zone: "Europe/Berlin", from: "2026-03-27T23:00:00Z", to: "2026-03-29T12:00:00Z"),
        Change(zone: "America/New_York", from: "2025-11-01T04:00:00Z", to: "2025-11-03T05:00:00Z"),
        Change(zone: "America/New_York", from: "2026-03-07T05:00:00Z", to: "2026-03-09T04:00:00Z"),
        Change(zone: "Australia/Lord_Howe", from: "2025-10-03T13:30:00Z", to: "2025-10-05T20:00:00Z"),
        Change(zone: "Australia/Lord_Howe", from: "2025-04-04T13:00:00Z", to: "2025-04-06T20:00:00Z"),
        Change(zone: "Asia/Kathmandu", from: "2026-03-26T18:15:00Z", to: "2026-03-28T18:15:00Z"),
    ]

    @Test(arguments: changes)
    func windowsAreWhatReadingsInThemComeTo(_ change: Change) async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"\#(change.zone)""#))
            let traffic = try Traffic(seed: 7, from: change.from, to: change.to, count: 400)
            try await traffic.send(to: api)
            let calendar = try Traffic.calendar(change.zone)
            for window in ["quarter", "hour", "day", "week"] {
                let answer = try await api.get(
                    "/cameras/1/analytics?window=\(window)&from=\(change.from)&to=\(change.to)")
                #expect(answer.status == 200, "\(answer.body)")
                #expect(answer["tz"]?.string == change.zone)
                let windows = answer["windows"]?.array ?? []
                let byStart = Dictionary(grouping: traffic.readings) {
                    Traffic.start(of: window, at: $0.instant, in: calendar).rfc3339
                }
                var present: [String: Traffic.Sums] = [:]
                for shown in windows {
                    present[shown["start"]?.string ?? ""] = Traffic.Sums(shown)
                }
                #expect(present.filter { $0.value.readings > 0 } == byStart.mapValues { .of($0) }, "\(window)")
                // They cover the range without a gap.
                #expect(windows.first?["start"] == answer["from"])
                #expect(windows.last?["end"] == answer["to"])
                for (one, next) in zip(windows, windows.dropFirst()) {
                    #expect(one["end"] == next["start"], "\(window)")
                }
                #expect(Traffic.Sums(answer["totals"]) == .of(traffic.readings))
                #expect(shares(answer, "by_line").reduce(0, +).distance(to: 1).magnitude < 1e-9)
                #expect(shares(answer, "by_class").reduce(0, +).distance(to: 1).magnitude < 1e-9)
                let highest = windows.compactMap { $0["corrected_total"]?.integer }.max()
                #expect(answer["peaks"]?.array?.first?["corrected_total"]?.integer == highest)
            }
        }
    }

    private func shares(_ answer: Answer, _ name: String) -> [Double] {
        (answer[name]?.array ?? []).compactMap { $0["share"]?.number }
    }

    @Test func minutesAreWhatReadingsInThemComeTo() async throws {
        try await withAPI { api in
            try await api.register()
            let traffic = try Traffic(seed: 9, from: "2026-03-29T07:00:00Z", to: "2026-03-29T12:00:00Z", count: 300)
            try await traffic.send(to: api)
            let reset = try await api.post(
                "/cameras/1/occupancy/reset", #"{"at":"2026-03-29T08:15:00Z","occupancy":5}"#)
            let position = try #require(reset.position)
            let from = try #require(Timestamp(rfc3339: "2026-03-29T10:07:00Z"))
            let answer = try await api.get(
                "/cameras/1/analytics?window=minute&from=\(from.rfc3339)&to=2026-03-29T12:00:00Z&min_position=\(position)"
            )
            #expect(answer.status == 200, "\(answer.body)")
            let windows = answer["windows"]?.array ?? []
            #expect(windows.count == 113)
            let later = traffic.readings.filter { $0.instant >= from }
            let byStart = Dictionary(grouping: later) {
                Timestamp(microseconds: $0.instant.microseconds / 60_000_000 * 60_000_000).rfc3339
            }
            var present: [String: Traffic.Sums] = [:]
            for shown in windows { present[shown["start"]?.string ?? ""] = Traffic.Sums(shown) }
            #expect(present.filter { $0.value.readings > 0 } == byStart.mapValues { .of($0) })
            let resetAt = try #require(Timestamp(rfc3339: "2026-03-29T08:15:00Z"))
            let inside = traffic.readings.filter { $0.instant >= resetAt }.map { $0.countIn - $0.countOut }.reduce(5, +)
            #expect(answer["occupancy"]?["current"]?.integer == inside)
            let before = try #require(Timestamp(rfc3339: "2026-03-29T08:14:00Z"))
            #expect(
                Traffic.Sums(answer["previous"]?["totals"])
                    == .of(traffic.readings.filter { $0.instant >= before && $0.instant < from }))
            for range in ["from=2026-03-27T11:00:00Z&to=2026-03-27T12:00:00Z", "from=2026-03-28T11:00:00Z"] {
                #expect(
                    try await api.get("/cameras/1/analytics?window=minute&\(range)").faults == ["from out_of_range"])
            }
        }
    }

    @Test func correctionsCountBesideWhatWasMeasured() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send(
                ["2026-03-29T10:00:00Z", "2026-03-29T10:20:00Z", "2026-03-29T11:00:00Z"], to: api)
            let corrected = try await api.post(
                "/cameras/1/counts/corrections",
                #"""
                {"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","line":"door","class":"person",
                "delta_in":-1,"delta_out":5,"reason":"seen by eye"}
                """#)
            let answer = try await api.get(
                "/cameras/1/analytics?from=2026-03-29T10:00:00Z&to=2026-03-29T12:00:00Z&min_position=\(corrected.position ?? 0)"
            )
            #expect(
                answer["totals"] == [
                    "count_in": 3, "count_out": 0, "total_count": 3, "readings": 3, "correction_in": -1,
                    "correction_out": 5, "corrected_in": 2, "corrected_out": 5, "corrected_total": 7,
                ])
            #expect(answer["peaks"]?.array?.map { $0["start"] } == ["2026-03-29T10:00:00Z", "2026-03-29T11:00:00Z"])
            #expect(
                answer["averages"]?["per_window"] == [
                    "corrected_in": 1, "corrected_out": 2.5, "corrected_total": 3.5,
                ])
            #expect(answer["averages"]?["by_hour"]?.array?.map { $0["hour"] } == [10, 11])
        }
    }

    @Test func emptyRangeHasNoPeaksAndNoShares() async throws {
        try await withAPI { api in
            try await api.register()
            let answer = try await api.get("/cameras/1/analytics?min_position=1")
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer["windows"]?.array?.count == 24)
            for name in ["peaks", "by_line", "by_class"] { #expect(answer[name] == .array([])) }
            #expect(answer["previous"]?["change"]?["corrected_in"] == ["absolute": 0, "percent": .null])
            #expect(answer["occupancy"]?["current"] == 0)
            #expect(answer["occupancy"]?["since"] == .null)
        }
    }

    /// The day on which the clocks went forward has 23 hours, the day before it 24.
    @Test func wholeDaysAreComparedWithWholeDays() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            try await CountTests.send(
                [
                    "2026-03-27T23:00:00Z", "2026-03-28T22:59:00Z", "2026-03-28T23:00:00Z", "2026-03-29T11:00:00Z",
                    "2026-03-29T11:30:00Z",
                ], to: api)
            let day = try await api.get("/cameras/1/analytics?from=2026-03-28T23:00:00Z&to=2026-03-29T22:00:00Z")
            #expect(day["windows"]?.array?.count == 23)
            #expect(day["previous"]?["from"] == "2026-03-27T23:00:00Z")
            #expect(day["previous"]?["to"] == "2026-03-28T23:00:00Z")
            #expect(day["previous"]?["change"]?["corrected_in"] == ["absolute": 1, "percent": 50])
            let hours = try await api.get("/cameras/1/analytics?from=2026-03-29T10:00:00Z&to=2026-03-29T12:00:00Z")
            #expect(hours["previous"]?["from"] == "2026-03-29T08:00:00Z")
            #expect(hours["previous"]?["change"]?["corrected_total"] == ["absolute": 2, "percent": .null])
        }
    }

    @Test func occupancyRunsFromTheLastReset() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            try await CountTests.send(
                [
                    "2026-03-28T09:00:00Z", "2026-03-28T21:00:00Z", "2026-03-29T08:00:00Z", "2026-03-29T09:10:00Z",
                    "2026-03-29T11:50:00Z",
                ], to: api)
            let range = "from=2026-03-29T07:00:00Z&to=2026-03-29T12:00:00Z"
            func occupancies(_ query: String = "") async throws -> [Int64?] {
                let head = try await api.log.head()
                let answer = try await api.get("/cameras/1/analytics?\(range)&min_position=\(head)&\(query)")
                #expect(answer.status == 200, "\(answer.body)")
                let last = answer["windows"]?.array?.last?["occupancy"]
                #expect(answer["occupancy"]?["current"] == last)
                return (answer["windows"]?.array ?? []).map { $0["occupancy"]?.integer }
            }
            #expect(try await occupancies() == [2, 3, 4, 4, 5])
            #expect(try await occupancies("reset=daily") == [0, 1, 2, 2, 3])

            let reset = try await api.post(
                "/cameras/1/occupancy/reset", #"{"at":"2026-03-29T09:15:00Z","occupancy":7,"reason":"counted"}"#)
            #expect(reset.status == 201, "\(reset.body)")
            #expect(try await occupancies() == [2, 3, 7, 7, 8])
            #expect(try await occupancies("reset=daily") == [0, 1, 7, 7, 8])
            // The one recorded last holds; without a body nobody is inside, from this quarter hour on.
            #expect(
                try await api.post("/cameras/1/occupancy/reset", #"{"at":"2026-03-29T09:15:00Z"}"#).status == 201)
            #expect(try await occupancies() == [2, 3, 0, 0, 1])
            api.clock.advance(by: .seconds(-700))
            let bare = try await api.post("/cameras/1/occupancy/reset")
            #expect(bare["at"] == "2026-03-29T11:45:00Z", "\(bare.body)")
            #expect(try await occupancies() == [2, 3, 0, 0, 1])
        }
    }

    @Test func wrongResetsAreRefused() async throws {
        try await withCommands { api in
            try await api.register()
            for (body, faults) in [
                (#"{"at":"2026-03-29T09:10:00Z"}"#, ["/at out_of_range"]),
                (#"{"at":"2026-03-29T12:15:00Z"}"#, ["/at in_future"]),
                (#"{"occupancy":-1,"by":"ana"}"#, ["/occupancy out_of_range", "/by unknown_member"]),
            ] {
                #expect(try await api.post("/cameras/1/occupancy/reset", body).faults == faults)
            }
            try await api.post("/cameras/9/occupancy/reset").expectProblem(404, "camera_not_found")
        }
    }

    @Test func removedCameraIsGone() async throws {
        try await withAPI { api in
            try await api.register()
            #expect(try await api.delete("/cameras/1", ifMatch: "*").status == 204)
            let head = try await api.log.head()
            try await api.get("/cameras/1/analytics?min_position=\(head)").expectProblem(410, "camera_removed")
            try await api.post("/cameras/1/occupancy/reset").expectProblem(410, "camera_removed")
            try await api.get("/cameras/2/analytics").expectProblem(404, "camera_not_found")
        }
    }

    @Test func tooManyWindowsAreRefused() async throws {
        try await withCommands { api in
            try await api.get("/cameras/1/analytics?window=quarter&from=2025-01-01T00:00:00Z")
                .expectProblem(422, "too_many_rows")
        }
    }

    @Test func summaryAddsUpTheFleet() async throws {
        try await withAPI { api in
            var readings: [Traffic.Reading] = []
            for (camera, location) in [(Int64(1), "Hall"), (2, "Hall"), (3, "Yard")] {
                try await api.register(TestAPI.camera(#""location":"\#(location)""#))
                let traffic = try Traffic(
                    seed: UInt64(camera), camera: camera, from: "2026-03-27T12:00:00Z", to: "2026-03-29T12:00:00Z",
                    count: 50 * Int(camera))
                try await traffic.send(to: api)
                readings += traffic.readings
            }
            let noon = try #require(Timestamp(rfc3339: "2026-03-28T12:00:00Z"))
            let (now, before) = (readings.filter { $0.instant >= noon }, readings.filter { $0.instant < noon })
            let answer = try await api.get("/analytics/summary?top=2")
            #expect(answer.status == 200, "\(answer.body)")
            #expect(Traffic.Sums(answer["totals"]) == .of(now))
            #expect(Traffic.Sums(answer["previous"]?["totals"]) == .of(before))
            #expect(answer["busiest"]?.array?.map { $0["camera_id"] } == [3, 2])
            #expect(answer["cameras"] == ["total": 3, "counting": 3])
            #expect(answer["by_location"]?.array?.map { $0["location"] } == ["Yard", "Hall"])
            for name in ["by_line", "by_class", "by_location"] {
                #expect(shares(answer, name).reduce(0, +).distance(to: 1).magnitude < 1e-9)
            }
            let hall = try await api.get("/analytics/summary?location=Hall")
            #expect(Traffic.Sums(hall["totals"]) == .of(now.filter { $0.camera != 3 }))
        }
    }

    /// A hundred cameras with a thousand quarter hours each: only the camera's own rows are read.
    @Test func oneCamerasRowsAreFoundByThePrimaryKey() async throws {
        try await withAPI { api in
            try await api.register()
            #expect(try await api.get("/counts?min_position=1").status == 200)
            let pool = try #require(api.pool)
            try await pool.query(
                """
                insert into read.hourly_counts (
                  camera_id, line, class, bucket_start, count_in, count_out, readings, correction_in, correction_out)
                select camera, 'door', 'person', timestamptz '2026-03-20T00:00:00Z' + quarter * interval '15 minutes',
                  1, 1, 1, 0, 0
                from generate_series(1, 100) as camera, generate_series(1, 1000) as quarter
                """)
            try await pool.query("analyze")
            let id = try CameraID(1)
            for window in AnalyticsQuery.Window.allCases {
                let query = AnalyticsQuery(
                    window: window, range: CountRange(from: api.clock.now - .seconds(86_400), to: api.clock.now))
                let statement = query.statement(id)
                let plan = try await pool.query("explain " + statement.sql, statement.parameters)
                    .map { try $0.text("QUERY PLAN") }.joined(separator: "\n")
                #expect(plan.contains("Index"), "\(plan)")
                #expect(!plan.contains("Seq Scan on hourly_counts"), "\(plan)")
            }
        }
    }
}
