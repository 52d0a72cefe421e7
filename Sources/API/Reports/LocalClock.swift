import EventSourcing
import Foundation

/// Dates and times of day in a zone, in English.
struct LocalClock {
    private let calendar: Calendar

    init(_ zone: String) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        self.calendar = calendar
    }

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private func parts(_ instant: Timestamp) -> DateComponents {
        let date = Date(timeIntervalSince1970: Double(instant.microseconds) / 1_000_000)
        return calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute], from: date)
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
