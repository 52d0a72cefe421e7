import Counting
import EventSourcing
import Testing

@testable import Vision
@testable import footfall_worker

@Suite struct ReadingTests {
    private static let now = Timestamp(microseconds: 1_790_000_000_000_000)
    private static let clip: JSON = ["started_at": "2026-03-01T08:00:00Z"]

    @Test func oneFramesCrossingsAreAddedUpByLineAndClass() throws {
        var numbering = ReadingNumbering(try assignment(), workerID: "w", now: Self.now)
        let readings = numbering.readings(
            of: report(
                frame: 3,
                [("door", .in, "person"), ("gate", .out, "car"), ("door", .out, "person"), ("door", .in, "person")]))
        #expect(readings.map(\.line) == ["door", "gate"])
        #expect(readings.map(\.countIn) == [2, 0])
        #expect(readings.map(\.countOut) == [1, 1])
    }

    /// No matter which worker counts it, and how often.
    @Test func aRecordingGivesTheSameNumbersUnderItsTake() throws {
        var first = ReadingNumbering(try assignment(settings: Self.clip), workerID: "w", now: Self.now)
        var second = ReadingNumbering(
            try assignment(epoch: 5, settings: Self.clip), workerID: "v", now: Self.now + .seconds(60))
        for frame in [0, 10, 11] {
            let crossed = report(frame: frame, [("door", .in, "person"), ("gate", .out, "person")])
            #expect(first.readings(of: crossed) == second.readings(of: crossed))
        }
        #expect(first.series == .take(1))
        #expect(second.series == .take(1))
    }

    @Test func whatWasCountedBeforeIsLeftOut() throws {
        let crossed = [10, 11, 12].map { frame in
            report(frame: frame, [("door", .in, "person"), ("gate", .out, "person")])
        }
        var whole = ReadingNumbering(try assignment(settings: Self.clip), workerID: "w", now: Self.now)
        let readings = crossed.flatMap { whole.readings(of: $0) }
        #expect(readings.count == 6)
        for (index, reading) in readings.enumerated() {
            let resumed = try assignment(settings: Self.clip, countedTo: reading.sequence)
            var numbering = ReadingNumbering(resumed, workerID: "v", now: Self.now)
            #expect(crossed.flatMap { numbering.readings(of: $0) } == Array(readings[(index + 1)...]))
            #expect(ReadingNumbering.framesCounted(of: try #require(resumed.take)) == [10, 10, 11, 11, 12, 12][index])
        }
        // A file that is opened again after an error.
        #expect(crossed.flatMap { whole.readings(of: $0) }.isEmpty)
    }

    @Test func theLongestNameOfAWorkerFitsIntoItsSources() throws {
        let workerID = String(repeating: "w", count: WorkerID.lengths.upperBound)
        let latest = Timestamp(microseconds: 253_402_300_799_000_000)  // the year 9999
        let numbering = ReadingNumbering(try assignment(epoch: .max), workerID: workerID, now: latest)
        guard case .source(let source) = numbering.series else {
            Issue.record("a file without a date has a source"); return
        }
        #expect(WorkerID.sourceLengths.contains(source.count), "\(source)")
        let heartbeat = CameraHealth(workerID: workerID).heartbeat(losses: ReadingLosses(), now: latest)
        #expect(WorkerID.sourceLengths.contains(heartbeat["source"]?.string?.count ?? 0))
        // The server takes nothing else from a worker.
        #expect(source.hasPrefix(workerID + ":"))
    }

    @Test func aClipsReadingsAreStampedWithItsOwnTime() throws {
        var numbering = ReadingNumbering(try assignment(settings: Self.clip), workerID: "w", now: Self.now)
        let reading = try #require(numbering.readings(of: report(frame: 25, [("door", .in, "person")])).first)
        #expect(reading.observedAt.rfc3339 == "2026-03-01T08:00:02.500000Z")
    }

    @Test func numbersGrowFromReadingToReading() throws {
        for settings in [Self.clip, [:]] {
            var numbering = ReadingNumbering(try assignment(settings: settings), workerID: "w", now: Self.now)
            let sequences = (0..<20).flatMap { frame in
                numbering.readings(
                    of: report(frame: frame, [("a", .in, "person"), ("b", .in, "car"), ("c", .in, "x")]))
            }.map(\.sequence)
            #expect(sequences.first ?? 0 >= 1)
            #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func aRecordingWithoutATakeIsNotCounted() throws {
        let error = #expect(throws: Assignment.Malformed.self) { try assignment(settings: Self.clip, take: nil) }
        #expect(error?.description.contains("take") == true)
        #expect(try assignment(take: nil).take == nil)
    }

    @Test func aLiveStreamHasASourceForEachRun() throws {
        let live = try assignment(type: "rtsp", url: "rtsp://10.0.0.1/a", settings: Self.clip)
        let first = ReadingNumbering(live, workerID: "w", now: Self.now)
        let second = ReadingNumbering(live, workerID: "w", now: Self.now + .seconds(1))
        #expect(first.series != second.series)
    }
}
