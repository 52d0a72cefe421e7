import EventSourcing
import TestSupport
import Testing

/// That counts, analytics, comparisons and reports are right where clocks change: a reading in every quarter hour of some
/// days, and what is shown of them held against a fold over the zone's clocks.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct LocalTimeTests {
    struct Case: CustomStringConvertible, Sendable {
        let zone: String
        /// A date near which its clocks change.
        let date: String

        var description: String { "\(zone) \(date)" }

        var middle: Int {
            (Timestamp(rfc3339: date + "T00:00:00Z")?.microseconds).map { Int($0 / 1_000_000) } ?? 0
        }
    }

    private static let cases = [
        ("Pacific/Apia", "2011-12-30"), ("Pacific/Kwajalein", "1993-08-21"), ("Pacific/Chatham", "2025-04-06"),
        ("Pacific/Chatham", "2025-09-28"), ("Antarctica/Casey", "2010-03-05"), ("Antarctica/Casey", "2020-10-04"),
        ("Antarctica/Casey", "2021-03-14"), ("Antarctica/Vostok", "2023-12-18"), ("America/St_Johns", "2010-11-07"),
        ("America/St_Johns", "2011-03-13"), ("Africa/Monrovia", "1972-01-07"), ("Australia/Lord_Howe", "2025-04-06"),
        ("Atlantic/Azores", "2025-10-26"), ("America/Havana", "2025-03-09"), ("America/Sao_Paulo", "2018-02-18"),
        ("Asia/Pyongyang", "2018-05-05"), ("America/Caracas", "2007-12-09"), ("Asia/Kathmandu", "1986-01-01"),
        ("Antarctica/Troll", "2025-10-26"), ("Europe/Berlin", "2025-10-26"),
    ].map { Case(zone: $0.0, date: $0.1) }

    private static let day = 86_400

    private static func text(_ time: Int) -> String { Timestamp(microseconds: Int64(time) * 1_000_000).rfc3339 }

    private static func time(_ json: JSON?) -> Int {
        json?.string.flatMap(Timestamp.init(rfc3339:)).map { Int($0.microseconds / 1_000_000) } ?? -1
    }

    /// Reports a reading in each quarter hour, five minutes after its beginning.
    private func send(from: Int, to: Int, numbered first: Int, to api: TestAPI) async throws {
        let items = stride(from: from, to: to, by: ZoneClock.quarter).enumerated().map { index, time in
            """
            {"sequence":\(first + index),"observed_at":"\(Self.text(time + 300))","line":"door","class":"person",\
            "count_in":1,"count_out":0}
            """
        }
        let answer = try await api.post(
            "/cameras/1/counts", #"{"source":"test","readings":[\#(items.joined(separator: ","))]}"#)
        try #require(answer.status == 201, "\(answer.body)")
    }

    @Test(arguments: cases) func whatIsShownIsWhatTheClocksMakeOfReadings(_ item: Case) async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"\#(item.zone)""#))
            let (from, to) = (item.middle - 3 * Self.day, item.middle + 4 * Self.day)
            try await send(from: from, to: to, numbered: 1, to: api)
            let head = try await api.log.head()
            let clock = try ZoneClock(item.zone)
            let range = "from=\(Self.text(from + Self.day))&to=\(Self.text(to - Self.day))"
            for unit in ZoneClock.Unit.allCases {
                let starts = clock.starts(unit, from: from - 9 * Self.day, to: to + 9 * Self.day)
                let buckets = zip(starts, starts.dropFirst()).filter { $1 > from + Self.day && $0 < to - Self.day }
                    .map { (start: $0, end: $1) }
                func quarters(_ start: Int, _ end: Int) -> Int {
                    max(0, min(end, to) - max(start, from)) / ZoneClock.quarter
                }
                for fill in [false, true] {
                    let counts = try await api.get(
                        "/cameras/1/counts?bucket=\(unit)&fill=\(fill)&\(range)&min_position=\(head)")
                    try check(counts["items"]?.array ?? [], "bucket_", buckets, quarters, "\(unit)")
                }
                let fleet = try await api.get("/counts?bucket=\(unit)&fill=true&tz=\(item.zone)&\(range)")
                try check(fleet["items"]?.array ?? [], "bucket_", buckets, quarters, "fleet \(unit)")
                let analytics = try await api.get("/cameras/1/analytics?window=\(unit)&\(range)")
                try check(analytics["windows"]?.array ?? [], "", buckets, quarters, "windows of \(unit)")
                checkAverages(analytics["averages"], unit, buckets, quarters, clock)
                let previous = analytics["previous"]
                #expect(Self.time(previous?["to"]) == buckets.first?.start)
                let begin = Self.time(previous?["from"])
                #expect(
                    previous?["totals"]?["count_in"]?.integer
                        == Int64(quarters(begin, buckets.first?.start ?? 0)), "\(unit)")
                if unit != .hour, let first = buckets.first, let last = buckets.last,
                    isWhole(first.start, clock), isWhole(last.end, clock)
                {
                    // As many days, none of them empty, and a whole one at the beginning.
                    let days = clock.starts(.day, from: first.start - 30 * Self.day, to: last.end)
                        .filter { isWhole($0, clock) }
                    let wanted = days.filter { $0 >= first.start && $0 < last.end }.count
                    #expect(days.filter { $0 >= begin && $0 < first.start }.count == wanted, "\(unit)")
                    #expect(isWhole(begin, clock))
                }
            }
        }
    }

    /// Whether a date begins there, and does not begin a second time.
    private func isWhole(_ time: Int, _ clock: ZoneClock) -> Bool {
        let date = clock.label(.day, at: time)
        return clock.label(.day, at: time - ZoneClock.quarter) < date
            && !clock.starts(.day, from: time, to: time + 2 * Self.day)
                .contains { clock.label(.day, at: $0) < date }
    }

    private func check(
        _ rows: [JSON], _ prefix: String, _ buckets: [(start: Int, end: Int)], _ quarters: (Int, Int) -> Int,
        _ name: String
    ) throws {
        #expect(rows.map { Self.time($0[prefix + "start"]) } == buckets.map(\.start), "\(name)")
        #expect(rows.map { Self.time($0[prefix + "end"]) } == buckets.map(\.end), "\(name)")
        #expect(
            rows.map { $0["count_in"]?.integer } == buckets.map { Int64(quarters($0.start, $0.end)) }, "\(name)")
    }

    private func checkAverages(
        _ averages: JSON?, _ unit: ZoneClock.Unit, _ buckets: [(start: Int, end: Int)], _ quarters: (Int, Int) -> Int,
        _ clock: ZoneClock
    ) {
        func means(_ name: String, _ label: (Int) -> Int) {
            let groups = Dictionary(grouping: buckets) { label($0.start) }
            let wanted = groups.mapValues { windows in
                let sum = windows.map { quarters($0.start, $0.end) }.reduce(0, +)
                return (Double(sum) / Double(windows.count) * 100).rounded() / 100
            }
            var shown: [Int: Double] = [:]
            for mean in averages?["by_" + name]?.array ?? [] {
                shown[Int(mean[name]?.integer ?? -1)] = mean["corrected_in"]?.number
            }
            #expect(shown == wanted, "by_\(name) of \(unit)")
        }
        if unit == .hour {
            means("hour") { ZoneClock.floored(clock.local($0), 3600) - clock.label(.day, at: $0) * 24 }
        }
        if unit != .week { means("weekday") { clock.label(.day, at: $0) - clock.label(.week, at: $0) * 7 + 4 } }
    }

    @Test(arguments: cases) func reportsTileTheDays(_ item: Case) async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"\#(item.zone)""#))
            let (from, to) = (item.middle - 2 * Self.day, item.middle + 3 * Self.day)
            try await send(from: from, to: to, numbered: 1, to: api)
            let head = try await api.log.head()
            var last: String?
            for date in stride(from: item.middle - Self.day, through: item.middle + Self.day, by: Self.day) {
                let name = String(Self.text(date).prefix(10))
                let report = try await api.get("/cameras/1/reports?date=\(name)&min_position=\(head)")
                if ["Pacific/Apia", "Pacific/Kwajalein"].contains(item.zone), date == item.middle {
                    #expect(report.faults == ["date unknown_value"])
                    continue
                }
                try #require(report.status == 200, "\(report.body)")
                if let last { #expect(report["from"]?.string == last) }
                last = report["to"]?.string
                let quarters = (Self.time(report["to"]) - Self.time(report["from"])) / ZoneClock.quarter
                #expect(quarters > 0)
                #expect(report["totals"]?["count_in"]?.integer == Int64(quarters), "\(name)")
                let series = report["series"]?.array ?? []
                #expect(series.first?["start"] == report["from"] && series.last?["end"] == report["to"])
                #expect(series.map { $0["count_in"]?.integer ?? 0 }.reduce(0, +) == Int64(quarters))
                let page = try await api.get("/cameras/1/reports?date=\(name)&format=html")
                #expect(page.status == 200)
            }
        }
    }
}
