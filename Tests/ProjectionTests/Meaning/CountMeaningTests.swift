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

    @Test(arguments: [UInt64(21), 22])
    func hourlyCountsAreTheSumsOfReadingsAndCorrections(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "hourly_counts", seed: seed) { rows, events in
            var sums: [Quarter: [String: Int64]] = [:]
            for event in events {
                if event.type == CountReading.eventType {
                    let reading = try CountReading(event)
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
                        sums[quarter, default: [:]]["correction_in", default: 0] += share.delta.countIn
                        sums[quarter, default: [:]]["correction_out", default: 0] += share.delta.countOut
                    }
                }
            }
            #expect(rows.count == sums.count)
            let columns = ["count_in", "count_out", "readings", "correction_in", "correction_out"]
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
}
