import EventSourcing
import Foundation
import Postgres

/// Dates and times of day in a zone, in English: of the instants that it was made for.
///
/// The database says what the zone's clocks show, as it does for what is counted: its knowledge of time zones and that of
/// Foundation may be of different years.
struct LocalClock {
    /// What the clocks show, as if it were UTC.
    private let shown: [Timestamp: Timestamp]

    init(_ zone: String, _ instants: some Sequence<Timestamp>, pool: Pool) async throws {
        var asked = ArrayParameter(.integer)
        let instants = Array(Set(instants))
        for instant in instants { asked.append(instant.microseconds) }
        let rows = try await pool.query(Self.query, ["instants": asked.parameter, "zone": .text(zone)])
        shown = Dictionary(
            uniqueKeysWithValues: zip(instants, try rows.map { Timestamp(microseconds: try $0.timestamp("shown")) }))
    }

    static let query = SQLQuery(
        "local_clock",
        """
        select
          ((timestamptz 'epoch' + microseconds * interval '1 microsecond') at time zone :zone) at time zone 'UTC' as shown
        from unnest(:instants) with ordinality as asked (microseconds, index)
        order by index
        """, parameters: ["instants": .integers, "zone": .text], columns: ["shown": .timestamp])

    private static let calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private func parts(_ instant: Timestamp) -> DateComponents {
        let date = Date(timeIntervalSince1970: Double((shown[instant] ?? instant).microseconds) / 1_000_000)
        return Self.calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute], from: date)
    }

    /// `Sunday, 29 March 2026`
    func day(_ instant: Timestamp) -> String {
        let parts = parts(instant)
        let weekday = Self.weekdays[(parts.weekday ?? 1) - 1]
        return "\(weekday), \(parts.day ?? 0) \(Self.months[(parts.month ?? 1) - 1]) \(parts.year ?? 0)"
    }

    func year(_ instant: Timestamp) -> Int { parts(instant).year ?? 0 }

    /// `Sun 29 Mar`
    func shortDay(_ instant: Timestamp) -> String {
        let parts = parts(instant)
        let weekday = Self.weekdays[(parts.weekday ?? 1) - 1].prefix(3)
        return "\(weekday) \(parts.day ?? 0) \(Self.months[(parts.month ?? 1) - 1].prefix(3))"
    }

    /// `09:30`
    func time(_ instant: Timestamp) -> String {
        let parts = parts(instant)
        let (hour, minute) = (parts.hour ?? 0, parts.minute ?? 0)
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}
