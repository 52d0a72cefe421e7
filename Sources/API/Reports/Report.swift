import EventSourcing

/// A day or a week of a camera, as it is handed to those who run the place.
struct Report {
    enum State: String {
        case counted
        /// The camera reported nothing. Whether nobody came or nothing was watching, counts cannot tell: this is not 0.
        case noData = "no_data"
        /// It has not ended yet.
        case running
    }

    /// An hour of a day, or a day of a week.
    struct Part {
        let start: Timestamp
        let end: Timestamp
        let state: State
        let counts: JSON
    }

    let period: ReportQuery.Period
    let from: Timestamp
    let to: Timestamp
    let zone: String
    let camera: JSON
    /// In the period.
    let health: JSON
    let createdAt: Timestamp
    /// The answers of the analytics, by the period's parts.
    let analytics: JSON
    let parts: [Part]
    /// Runs of whole hours that have ended without a reading.
    let gaps: [(from: Timestamp, to: Timestamp)]
    /// The positions of events that are left out for good.
    let skipped: [Int64]

    /// - Parameters:
    ///   - analytics: with hours as windows for a day, with days for a week.
    ///   - hours: with hours as windows.
    init?(
        period: ReportQuery.Period, from: Timestamp, to: Timestamp, zone: String, camera: JSON, health: JSON,
        createdAt: Timestamp, analytics: JSON, hours: JSON, skipped: [Int64]
    ) {
        guard let parts = Self.parts(analytics, now: createdAt), let hours = Self.parts(hours, now: createdAt) else {
            return nil
        }
        self.period = period
        self.from = from
        self.to = to
        self.zone = zone
        self.camera = camera
        self.health = health
        self.createdAt = createdAt
        self.analytics = analytics
        self.parts = parts
        self.skipped = skipped
        gaps = hours.reduce(into: []) { gaps, hour in
            guard hour.state == .noData else { return }
            if gaps.last?.to == hour.start {
                gaps[gaps.count - 1].to = hour.end
            } else {
                gaps.append((hour.start, hour.end))
            }
        }
    }

    private static func parts(_ analytics: JSON, now: Timestamp) -> [Part]? {
        analytics["windows"]?.array?.compactMap { window in
            guard let start = window["start"]?.string.flatMap(Timestamp.init(rfc3339:)),
                let end = window["end"]?.string.flatMap(Timestamp.init(rfc3339:))
            else { return nil }
            let isCounted = ["readings", "correction_in", "correction_out"].contains { window[$0] != 0 }
            return Part(
                start: start, end: end, state: isCounted ? .counted : end > now ? .running : .noData, counts: window)
        }
    }

    private static let measures = [
        "count_in", "count_out", "total_count", "readings", "correction_in", "correction_out", "corrected_in",
        "corrected_out", "corrected_total",
    ]

    var json: JSON {
        let series = parts.map { part in
            var members: JSONObject = [
                "start": .string(part.start.rfc3339), "end": .string(part.end.rfc3339),
                "state": .string(part.state.rawValue),
            ]
            for name in Self.measures { members[name] = part.state == .counted ? part.counts[name] : .null }
            return JSON.object(members)
        }
        let document: JSONObject = [
            "camera": camera, "period": .string(period.rawValue), "from": .string(from.rfc3339),
            "to": .string(to.rfc3339), "tz": .string(zone), "created_at": .string(createdAt.rfc3339),
            "totals": analytics["totals"] ?? .null, "series": .array(series), "peaks": analytics["peaks"] ?? .null,
            "averages": analytics["averages"]?["per_window"] ?? .null, "by_line": analytics["by_line"] ?? .null,
            "by_class": analytics["by_class"] ?? .null, "previous": analytics["previous"] ?? .null,
            "health": health,
            "gaps": .array(gaps.map { ["from": .string($0.from.rfc3339), "to": .string($0.to.rfc3339)] }),
        ]
        if skipped.isEmpty { return .object(document) }
        return .object(document.merging(["skipped_positions": .array(skipped.map(JSON.integer))]) { known, _ in known })
    }
}
