import EventSourcing
import Foundation
import Mustache

/// A report as a page that is printed on one sheet of A4. Every text is escaped by the template, and stands between tags
/// only.
struct ReportPage {
    struct Figure {
        let name: String
        let value: String
        let change: String
    }

    struct Row {
        let label: String
        let countIn: String
        let countOut: String
        let total: String
        let isGap: Bool
    }

    struct Share {
        let name: String
        let total: String
        let percent: String
        /// Of a bar 100 wide.
        let width: String
    }

    struct Fact {
        let name: String
        let value: String
    }

    let camera: String
    let location: String?
    let title: String
    let zone: String
    let createdAt: String
    let partName: String
    let figures: [Figure]
    let chart: ReportChart
    let rows: [Row]
    let lines: [Share]
    let classes: [Share]
    let peaks: [Fact]
    let health: [Fact]
    let gaps: [Fact]
    let hasGaps: Bool
    /// That events are left out; nil where none are.
    let omission: String?

    /// The instants of a report that its page shows in local time.
    static func instants(of report: Report) -> [Timestamp] {
        report.parts.flatMap { [$0.start, $0.end] } + report.gaps.flatMap { [$0.from, $0.to] }
            + (report.analytics["peaks"]?.array ?? []).flatMap { [instant($0["start"]), instant($0["end"])] }
            + [report.from, lastSecond(of: report), report.createdAt]
    }

    private static func lastSecond(of report: Report) -> Timestamp { report.to - .seconds(1) }

    /// - Parameter clock: made for the report's `instants`.
    init(_ report: Report, clock: LocalClock) {
        let isDaily = report.period == .daily
        camera = report.camera["name"]?.string ?? ""
        location = report.camera["location"]?.string
        title =
            isDaily
            ? clock.day(report.from)
            : "\(clock.shortDay(report.from)) to \(clock.shortDay(Self.lastSecond(of: report))) \(clock.year(Self.lastSecond(of: report)))"
        zone = report.zone
        createdAt = "\(clock.day(report.createdAt)), \(clock.time(report.createdAt))"
        partName = isDaily ? "Hour" : "Day"
        figures = [("In", "corrected_in"), ("Out", "corrected_out"), ("In and out", "corrected_total")].map {
            let change = report.analytics["previous"]?["change"]?[$0.1]
            return Figure(
                name: $0.0, value: Self.number(report.analytics["totals"]?[$0.1]),
                change: Self.change(change, since: isDaily ? "day before" : "week before"))
        }
        func label(_ part: Report.Part) -> String { isDaily ? clock.time(part.start) : clock.shortDay(part.start) }
        chart = ReportChart(report.parts, labels: report.parts.map(label))
        rows = report.parts.map { part in
            let isCounted = part.state == .counted
            return Row(
                label: isDaily ? "\(label(part))–\(clock.time(part.end))" : label(part),
                countIn: isCounted ? Self.number(part.counts["corrected_in"]) : "",
                countOut: isCounted ? Self.number(part.counts["corrected_out"]) : "",
                total: isCounted
                    ? Self.number(part.counts["corrected_total"]) : part.state == .noData ? "no data" : "–",
                isGap: !isCounted)
        }
        lines = Self.shares(report.analytics["by_line"], "line")
        classes = Self.shares(report.analytics["by_class"], "class")
        peaks = (report.analytics["peaks"]?.array ?? []).map { peak in
            let (start, end) = (Self.instant(peak["start"]), Self.instant(peak["end"]))
            return Fact(
                name: isDaily ? "\(clock.time(start))–\(clock.time(end))" : clock.shortDay(start),
                value: Self.number(peak["corrected_total"]))
        }
        health = Self.facts(report.health)
        gaps =
            report.gaps.prefix(4).map { gap in
                let days = isDaily ? "" : clock.shortDay(gap.from) + " "
                let hours = ((gap.to - gap.from) / .seconds(3600)).formatted(.number.precision(.fractionLength(0...1)))
                return Fact(name: "\(days)\(clock.time(gap.from))–\(clock.time(gap.to))", value: "\(hours) h")
            } + (report.gaps.count > 4 ? [Fact(name: "and \(report.gaps.count - 4) more", value: "")] : [])
        hasGaps = !report.gaps.isEmpty
        omission =
            switch report.skipped.count {
            case 0: nil
            case 1: "One event is missing here and in the comparison: it was left out for good."
            case let count: "\(count) events are missing here and in the comparison: they were left out for good."
            }
    }

    /// - Throws: what is wrong with the template.
    var html: String { get throws { try Self.template.get().render(self) } }

    private static let template = Result { try MustacheTemplate(string: ReportTemplate.text) }

    private static func instant(_ json: JSON?) -> Timestamp {
        json?.string.flatMap(Timestamp.init(rfc3339:)) ?? Timestamp(microseconds: 0)
    }

    private static func number(_ json: JSON?) -> String {
        json?.integer.map { grouped($0) } ?? "–"
    }

    private static func grouped(_ value: Int64) -> String {
        value.formatted(.number.locale(Locale(identifier: "en_US")))
    }

    private static func change(_ json: JSON?, since before: String) -> String {
        guard let absolute = json?["absolute"]?.integer else { return "" }
        let sign = absolute > 0 ? "+" : absolute < 0 ? "−" : "±"
        let value = sign + grouped(Int64(absolute.magnitude))
        guard let percent = json?["percent"]?.number else { return "\(value), nothing the \(before)" }
        let share = abs(percent).formatted(
            .number.precision(.fractionLength(0...1)).locale(Locale(identifier: "en_US")))
        return "\(value) (\(sign)\(share) %) on \(before)"
    }

    private static func shares(_ json: JSON?, _ name: String) -> [Share] {
        (json?.array ?? []).prefix(5).map { item in
            let percent = (item["share"]?.number ?? 0) * 100
            let shown = percent.formatted(.number.precision(.fractionLength(1)).locale(Locale(identifier: "en_US")))
            return Share(
                name: item[name]?.string ?? "whole picture", total: number(item["corrected_total"]),
                percent: shown + " %",
                width: String(Int(min(max(percent, 0), 100).rounded())))
        }
    }

    private static func facts(_ health: JSON) -> [Fact] {
        func measured(_ name: String, _ unit: String) -> String? {
            health[name]?.number.map { value in
                let digits = FloatingPointFormatStyle<Double>.number.precision(.fractionLength(0...1))
                return "\(value.formatted(digits.locale(Locale(identifier: "en_US"))))\(unit)"
            }
        }
        func both(_ average: String?, _ extreme: String?, _ word: String) -> String {
            guard let average else { return "–" }
            return extreme.map { "\(average), \(word) \($0)" } ?? average
        }
        return [
            Fact(name: "Uptime", value: measured("uptime_percentage", " %") ?? "–"),
            Fact(name: "Heartbeats", value: number(health["heartbeats"])),
            Fact(name: "Errors", value: number(health["errors"])),
            Fact(
                name: "Response time",
                value: both(
                    measured("average_response_time_ms", " ms"), measured("maximum_response_time_ms", " ms"), "at most")
            ),
            Fact(
                name: "Frames a second",
                value: both(measured("average_fps", ""), measured("minimum_fps", ""), "at least")),
            Fact(name: "Frames dropped", value: number(health["frames_dropped"])),
        ]
    }
}
