import EventSourcing
import Foundation
import TestSupport
import Testing

/// Random readings and corrections, and what they come to: added up in Swift, reading by reading.
struct Traffic {
    struct Reading {
        let camera: Int64
        let instant: Timestamp
        let line: String
        let objectClass: String
        let countIn: Int64
        let countOut: Int64
    }

    struct Sums: Equatable {
        var countIn: Int64 = 0
        var countOut: Int64 = 0
        var readings: Int64 = 0

        static func of(_ readings: some Sequence<Reading>) -> Sums {
            readings.reduce(into: Sums()) {
                $0.countIn += $1.countIn
                $0.countOut += $1.countOut
                $0.readings += 1
            }
        }

        init() {}

        init(_ json: JSON?) {
            countIn = json?["count_in"]?.integer ?? -1
            countOut = json?["count_out"]?.integer ?? -1
            readings = json?["readings"]?.integer ?? -1
        }
    }

    private(set) var readings: [Reading] = []

    /// Readings of a camera, spread over the time between two instants.
    init(seed: UInt64, camera: Int64 = 1, from: String, to: String, count: Int) throws {
        var random = SeededGenerator(seed: seed)
        let first = try #require(Timestamp(rfc3339: from)).microseconds
        let last = try #require(Timestamp(rfc3339: to)).microseconds
        readings = (0..<count).map { _ in
            Reading(
                camera: camera, instant: Timestamp(microseconds: Int64.random(in: first..<last, using: &random)),
                line: ["door", "gate"].randomElement(using: &random) ?? "door",
                objectClass: ["person", "car"].randomElement(using: &random) ?? "person",
                countIn: Int64.random(in: 0...4, using: &random), countOut: Int64.random(in: 0...4, using: &random))
        }
    }

    mutating func append(_ others: [Reading]) { readings += others }

    /// Reports them, and waits until the read model has them.
    func send(to api: TestAPI) async throws {
        for (camera, readings) in Dictionary(grouping: readings, by: \.camera) {
            let items = readings.enumerated().map { index, reading in
                """
                {"sequence":\(index + 1),"observed_at":"\(reading.instant.rfc3339)","line":"\(reading.line)","class":"\(reading.objectClass)",\
                "count_in":\(reading.countIn),"count_out":\(reading.countOut)}
                """
            }
            let answer = try await api.post(
                "/cameras/\(camera)/counts", #"{"source":"test","readings":[\#(items.joined(separator: ","))]}"#)
            try #require(answer.status == 201, "\(answer.body)")
        }
        let head = try await api.log.head()
        try #require(try await api.get("/counts?min_position=\(head)").status == 200)
    }

    /// Where a window of the zone begins that holds an instant, by Foundation's calendar.
    static func start(of window: String, at instant: Timestamp, in calendar: Calendar) -> Timestamp {
        let date = Date(timeIntervalSince1970: Double(instant.microseconds / 1_000_000))
        let start: Date? =
            switch window {
            case "quarter":
                Date(timeIntervalSince1970: (date.timeIntervalSince1970 / 900).rounded(.down) * 900)
            case "day": calendar.dateInterval(of: .day, for: date)?.start
            case "week": calendar.dateInterval(of: .weekOfYear, for: date)?.start
            default: hour(of: date, in: calendar)
            }
        return Timestamp(microseconds: Int64((start ?? date).timeIntervalSince1970) * 1_000_000)
    }

    /// The first quarter hour that has the same hour of the day and the same offset from UTC without a break.
    private static func hour(of date: Date, in calendar: Calendar) -> Date {
        func mark(_ date: Date) -> [Int] {
            [calendar.component(.hour, from: date), calendar.timeZone.secondsFromGMT(for: date)]
        }
        var start = Date(timeIntervalSince1970: (date.timeIntervalSince1970 / 900).rounded(.down) * 900)
        while mark(start - 900) == mark(date) { start -= 900 }
        return start
    }

    static func calendar(_ zone: String) throws -> Calendar {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: zone))
        return calendar
    }
}
