import Counting
import EventSourcing
import Testing

/// What the rows of `hourly_counts` say.
@Suite struct CountMeaningTests {
    private struct Quarter: Hashable {
        let camera: Int64
        let line: String
        let objectClass: String
        let start: Timestamp

        init(_ camera: CameraID, _ line: LineName?, _ objectClass: ObjectClass, _ instant: Timestamp) {
            self.camera = camera.number
            self.line = line?.text ?? ""
            self.objectClass = objectClass.text
            start = Timestamp(microseconds: instant.microseconds / 900_000_000 * 900_000_000)
        }
    }

    /// A take, as far as it matters to what counts.
    private struct KnownTake: Hashable {
        let camera: Int64
        let number: Int64
    }

    /// What corrections say between two instants does not count, as far as they were recorded before a position.
    private struct Lapse {
        let camera: Int64
        let position: Int64
        let first: Timestamp
        let last: Timestamp

        func concerns(_ quarter: Quarter, at position: Int64) -> Bool {
            quarter.camera == camera && position < self.position && first <= quarter.start && quarter.start <= last
        }
    }

    private static func quarterHour(_ instant: Timestamp) -> Timestamp {
        Timestamp(microseconds: instant.microseconds / 900_000_000 * 900_000_000)
    }

    /// The takes that were replaced, and which corrections lapsed with them.
    private static func replacements(in events: [RecordedEvent]) throws -> (takes: Set<KnownTake>, lapses: [Lapse]) {
        var begun: [KnownTake: Timestamp] = [:]
        var ended: [KnownTake: Timestamp] = [:]
        var lastSeen: [KnownTake: Timestamp] = [:]
        var replaced: Set<KnownTake> = []
        var lapses: [Lapse] = []
        for event in events {
            if event.type == CountReading.eventType {
                let reading = try CountReading(event)
                guard let take = reading.take else { continue }
                let key = KnownTake(camera: reading.cameraID.number, number: take)
                lastSeen[key] = max(lastSeen[key] ?? reading.observedAt.instant, reading.observedAt.instant)
            } else if event.type == Camera.takeEndedType,
                case .takeEnded(let id, let take, let end) = try Camera.decode(event)
            {
                ended[KnownTake(camera: id.number, number: take)] = end
            } else if event.type == Camera.takeBeganType,
                case .takeBegan(let id, let recording, let take) = try Camera.decode(event)
            {
                begun[KnownTake(camera: id.number, number: take.number)] = recording.startedAt
                guard let old = take.replaces.map({ KnownTake(camera: id.number, number: $0) }) else { continue }
                replaced.insert(old)
                let ends = [ended[old].map { $0 - .microseconds(1) }, lastSeen[old]].compactMap(\.self)
                guard let first = begun[old], let last = ends.max() else { continue }
                lapses.append(
                    Lapse(
                        camera: id.number, position: event.position, first: quarterHour(first), last: quarterHour(last))
                )
            }
        }
        return (replaced, lapses)
    }

    @Test(arguments: [UInt64(21), 22, 23, 24])
    func hourlyCountsAreTheSumsOfReadingsAndCorrectionsThatCount(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "hourly_counts", seed: seed, holding: Self.replacesATake) { rows, events in
            let (replaced, lapses) = try Self.replacements(in: events)
            #expect(!replaced.isEmpty)
            var sums: [Quarter: [String: Int64]] = [:]
            for event in events {
                if event.type == CountReading.eventType {
                    let reading = try CountReading(event)
                    if let take = reading.take,
                        replaced.contains(KnownTake(camera: reading.cameraID.number, number: take))
                    {
                        continue
                    }
                    let quarter = Quarter(
                        reading.cameraID, reading.line, reading.objectClass, reading.observedAt.instant)
                    sums[quarter, default: [:]]["count_in", default: 0] += reading.countIn.count
                    sums[quarter, default: [:]]["count_out", default: 0] += reading.countOut.count
                    sums[quarter, default: [:]]["readings", default: 0] += 1
                } else if event.type == CountCorrection.eventType {
                    let correction = try CountCorrection(event)
                    for share in correction.shares {
                        let quarter = Quarter(
                            correction.cameraID, correction.line, correction.objectClass, share.start)
                        if lapses.contains(where: { $0.concerns(quarter, at: event.position) }) { continue }
                        sums[quarter, default: [:]]["correction_in", default: 0] += share.delta.countIn
                        sums[quarter, default: [:]]["correction_out", default: 0] += share.delta.countOut
                        sums[quarter, default: [:]]["corrections", default: 0] += 1
                    }
                }
            }
            #expect(rows.count == sums.count)
            let columns = ["count_in", "count_out", "readings", "correction_in", "correction_out", "corrections"]
            for row in rows {
                let quarter = Quarter(
                    try CameraID(try #require(row["camera_id"]?.integer)),
                    LineName(stored: row["line"]?.string ?? ""), ObjectClass(stored: row["class"]?.string ?? ""),
                    try #require(Meaning.instant(row["bucket_start"])))
                let expected = try #require(sums[quarter])
                for column in columns { #expect(row[column]?.integer == expected[column] ?? 0, "\(column)") }
            }
        }
    }

    /// All that random histories observe lies within the four days that are kept.
    @Test(arguments: [UInt64(25), 27])
    func minuteCountsLeaveReplacedTakesOut(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "minute_counts", seed: seed, holding: Self.replacesATake) { rows, events in
            let replaced = try Self.replacements(in: events).takes
            #expect(!replaced.isEmpty)
            let readings = try Self.readings(in: events, notOf: replaced)
            var counted: [Int64: Int64] = [:]
            for row in rows {
                #expect((row["readings"]?.integer ?? 0) > 0)
                counted[row["camera_id"]?.integer ?? 0, default: 0] += row["readings"]?.integer ?? 0
            }
            #expect(counted == readings)
        }
    }

    @Sendable private static func replacesATake(_ append: Append) -> Bool {
        append.events.contains { event in
            event.type == Camera.takeBeganType && (try? JSON.parse(event.data))?["replaces"] != nil  // it is JSON
        }
    }

    /// How many readings each camera has that belong to none of these takes.
    private static func readings(
        in events: [RecordedEvent], notOf replaced: Set<KnownTake>
    ) throws -> [Int64: Int64] {
        var readings: [Int64: Int64] = [:]
        for event in events where event.type == CountReading.eventType {
            let reading = try CountReading(event)
            let camera = reading.cameraID.number
            let isReplaced = reading.take.map { replaced.contains(KnownTake(camera: camera, number: $0)) } ?? false
            if !isReplaced { readings[camera, default: 0] += 1 }
        }
        return readings
    }
}
