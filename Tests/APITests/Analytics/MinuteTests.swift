import EventSourcing
import Testing

/// Corrections are about quarter hours: what they make of a minute is not known, and not shown.
@Suite struct MinuteTests {
    private static let range = "from=2026-03-29T10:00:00Z&to=2026-03-29T11:00:00Z"
    private static let corrected = [
        "correction_in", "correction_out", "corrected_in", "corrected_out", "corrected_total",
    ]

    private func withCorrection(_ body: @escaping @Sendable (TestAPI) async throws -> Void) async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send((0..<10).map { "2026-03-29T10:0\($0):30Z" }, to: api)
            let answer = try await api.post(
                "/cameras/1/counts/corrections",
                #"""
                {"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","line":"door","class":"person",
                "delta_in":-3,"delta_out":3,"reason":"seen by eye"}
                """#)
            #expect(answer.status == 201)
            #expect(
                try await api.get("/cameras/1/analytics?\(Self.range)&min_position=\(answer.position ?? 0)").status
                    == 200)
            try await body(api)
        }
    }

    @Test func minutesShowNoCorrections() async throws {
        try await withCorrection { api in
            let answer = try await api.get("/cameras/1/analytics?window=minute&\(Self.range)")
            let shown: [JSON?] =
                [answer["totals"], answer["previous"]?["totals"], answer["by_line"]?.array?.first]
                + [answer["by_class"]?.array?.first] + (answer["peaks"]?.array ?? []) + (answer["windows"]?.array ?? [])
            #expect(shown.count > 60)
            for counts in shown {
                for name in Self.corrected { #expect(counts?[name] == .null, "\(name)") }
                #expect(counts?["count_in"]?.integer != nil)
            }
            for name in ["corrected_in", "corrected_out", "corrected_total"] {
                #expect(answer["averages"]?["per_window"]?[name] == .null)
                #expect(answer["previous"]?["change"]?[name] == ["absolute": .null, "percent": .null])
            }
            #expect(answer["totals"]?["count_in"] == 10)
            #expect(answer["by_line"]?.array?.first?["share"] == 1)
            #expect(answer["peaks"]?.array?.first?["start"] == "2026-03-29T10:00:00Z")
        }
    }

    @Test func occupancyAtTheEndOfAQuarterHourIsTheQuarterHours() async throws {
        try await withCorrection { api in
            func occupancies(_ window: String) async throws -> [String: JSON] {
                let answer = try await api.get("/cameras/1/analytics?window=\(window)&\(Self.range)")
                return Dictionary(
                    uniqueKeysWithValues: (answer["windows"]?.array ?? []).map {
                        ($0["end"]?.string ?? "", $0["occupancy"] ?? .null)
                    })
            }
            let (minutes, quarters) = (try await occupancies("minute"), try await occupancies("quarter"))
            #expect(quarters.count == 4)
            for (end, occupancy) in quarters { #expect(minutes[end] == occupancy, "\(end)") }
            #expect(minutes["2026-03-29T10:14:00Z"] == 10)
            #expect(minutes["2026-03-29T10:15:00Z"] == 4)
        }
    }
}
