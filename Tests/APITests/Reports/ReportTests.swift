import EventSourcing
import Testing

@Suite struct ReportTests {
    @Test func dailyReportTellsHoursWithoutDataFromZero() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            try await CountTests.send(
                ["2026-03-28T23:10:00Z", "2026-03-29T08:00:00Z", "2026-03-29T08:30:00Z"], to: api)
            let nothing =
                #"{"observed_at":"2026-03-29T09:00:00Z","line":"door","class":"person","count_in":0,"count_out":0}"#
            #expect(try await api.post("/cameras/1/counts", nothing).status == 201)
            let head = try await api.log.head()
            let report = try await api.get("/cameras/1/reports?date=2026-03-29&min_position=\(head)")
            #expect(report.status == 200, "\(report.body)")
            #expect(report["from"] == "2026-03-28T23:00:00Z")
            #expect(report["to"] == "2026-03-29T22:00:00Z")
            let series = report["series"]?.array ?? []
            #expect(series.count == 23)
            let states = series.map { $0["state"]?.string ?? "" }
            #expect(states[0] == "counted" && states[1] == "no_data" && states[22] == "running")
            let nine = try #require(series.first { $0["start"] == "2026-03-29T09:00:00Z" })
            #expect(nine["state"] == "counted" && nine["corrected_total"] == 0)
            #expect(series[1]["corrected_total"] == .null)
            #expect(
                report["gaps"] == [
                    ["from": "2026-03-29T00:00:00Z", "to": "2026-03-29T08:00:00Z"],
                    ["from": "2026-03-29T10:00:00Z", "to": "2026-03-29T12:00:00Z"],
                ])
            #expect(report["totals"]?["corrected_in"] == 3)
            #expect(report["peaks"]?.array?.first?["start"] == "2026-03-29T08:00:00Z")
            #expect(report["health"]?["uptime_percentage"] == .null)
        }
    }

    /// What was before the period, or came after it, is no business of its report.
    @Test func healthIsThatOfThePeriod() async throws {
        try await withAPI(clocked: true) { api in
            try await api.earlier("2026-03-27T23:59:00Z") {
                try await api.register()
                _ = try await api.post("/cameras/1/start")
            }
            for (instant, status, more) in [
                ("2026-03-27T23:59:00Z", "error", #","response_time_ms":5000"#),
                ("2026-03-28T00:00:00Z", "online", #","response_time_ms":100,"fps":10,"frames_dropped":3"#),
                ("2026-03-28T00:04:59Z", "error", #","response_time_ms":300,"fps":20,"stream_quality_score":0.5"#),
                ("2026-03-28T23:59:59Z", "online", ""), ("2026-03-29T00:00:00Z", "error", #","frames_dropped":7"#),
            ] { try await HealthTests.beat(instant, status, more, to: api) }
            let head = try await api.log.head()
            let path = "/cameras/1/reports?min_position=\(head)&tz=UTC&date="
            let day = try await api.get(path + "2026-03-28")
            #expect(
                day["health"]
                    == [
                        // 90 seconds from the first heartbeat on, and the day's last second.
                        "uptime_percentage": 0.11, "heartbeats": 3, "online": 2, "errors": 1, "error_rate": 0.3333,
                        "average_response_time_ms": 200, "maximum_response_time_ms": 300, "average_fps": 15,
                        "minimum_fps": 10, "average_stream_quality_score": 0.5, "frames_dropped": 3,
                    ], "\(day.body)")
            let today = try await api.get(path + "2026-03-29")
            #expect(today["health"]?["heartbeats"] == 1 && today["health"]?["uptime_percentage"] == 0)
            // Time counts from the start on, a minute before midnight.
            let first = try await api.get(path + "2026-03-27")
            #expect(first["health"]?["heartbeats"] == 1 && first["health"]?["uptime_percentage"] == 0)
            let before = try await api.get(path + "2026-03-26")
            #expect(before["health"]?["heartbeats"] == 0 && before["health"]?["uptime_percentage"] == .null)
            let page = try await api.get(path + "2026-03-28&format=html")
            #expect(page.body.contains("<td>Response time</td><td>200 ms, at most 300 ms</td>"))
            #expect(page.body.contains("<td>Uptime</td><td>0.1 %</td>"))
        }
    }

    @Test func periodsAreTheLastWholeOnesByDefault() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            let daily = try await api.get("/cameras/1/reports?min_position=1")
            #expect(daily["from"] == "2026-03-27T23:00:00Z")
            #expect(daily["to"] == "2026-03-28T23:00:00Z")
            let weekly = try await api.get("/cameras/1/reports?period=weekly")
            #expect(weekly["from"] == "2026-03-15T23:00:00Z")
            #expect(weekly["to"] == "2026-03-22T23:00:00Z")
            #expect(weekly["series"]?.array?.count == 7)
            let week = try await api.get("/cameras/1/reports?period=weekly&date=2026-03-29&tz=UTC")
            #expect(week["from"] == "2026-03-23T00:00:00Z")
        }
    }

    @Test func pageHoldsNoMarkupOfOthers() async throws {
        try await withAPI { api in
            let evil = #"<script>alert('x')</script>"#
            let line = "</td><b>door"
            try await api.register(
                TestAPI.camera(#""location":"<img src=x onerror=alert(1)>""#, name: evil, lines: [line]))
            try await CountTests.send(
                ["2026-03-28T10:00:00Z"], line: line, objectClass: "person", to: api)
            let page = try await api.get("/cameras/1/reports?format=html")
            #expect(page.status == 200)
            #expect(page.header("Content-Type") == "text/html; charset=utf-8")
            #expect(page.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
            #expect(!page.body.contains("<script") && !page.body.contains("<img") && !page.body.contains("<b>door"))
            #expect(page.body.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
            #expect(!page.body.contains("http"))
            let asked = try await api.get("/cameras/1/reports", headers: [.accept: "text/html,*/*"])
            #expect(asked.body == page.body)
        }
    }

    @Test func wrongReportsAreRefused() async throws {
        try await withAPI { api in
            #expect(
                try await api.get("/cameras/1/reports?period=yearly&date=2026-02-30&format=pdf").faults
                    == ["period unknown_value", "date malformed", "format unknown_value"])
            try await api.get("/cameras/1/reports").expectProblem(404, "camera_not_found")
            try await api.register()
            #expect(try await api.delete("/cameras/1", ifMatch: "*").status == 204)
            let head = try await api.log.head()
            try await api.get("/cameras/1/reports?min_position=\(head)").expectProblem(410, "camera_removed")
        }
    }
}
