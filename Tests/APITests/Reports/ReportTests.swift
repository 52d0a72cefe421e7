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
            try await api.register(TestAPI.camera(#""location":"<img src=x onerror=alert(1)>""#, name: evil))
            try await CountTests.send(
                ["2026-03-28T10:00:00Z"], line: #"</td><b>door"#, objectClass: "person", to: api)
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
