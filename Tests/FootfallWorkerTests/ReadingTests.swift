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

    @Test func aClipPlayedAgainGivesTheSameNumbersUnderTheSameSource() throws {
        let assignment = try assignment(settings: Self.clip)
        var first = ReadingNumbering(assignment, workerID: "w", now: Self.now)
        var second = ReadingNumbering(assignment, workerID: "w", now: Self.now + .seconds(60))
        for frame in [0, 10, 11] {
            let crossed = report(frame: frame, [("door", .in, "person"), ("gate", .out, "person")])
            #expect(first.readings(of: crossed) == second.readings(of: crossed))
        }
        #expect(first.source == second.source)
    }

    @Test func theLongestNameOfAWorkerFitsIntoItsSources() throws {
        let workerID = String(repeating: "w", count: WorkerID.lengths.upperBound)
        let latest = Timestamp(microseconds: 253_402_300_799_000_000)  // the year 9999
        for settings in [Self.clip, [:]] {
            let assignment = try assignment(epoch: .max, settings: settings)
            let numbering = ReadingNumbering(assignment, workerID: workerID, now: latest)
            #expect(WorkerID.sourceLengths.contains(numbering.source.count), "\(numbering.source)")
        }
        let heartbeat = CameraHealth(workerID: workerID).heartbeat(readingsDropped: 0, now: latest)
        #expect(WorkerID.sourceLengths.contains(heartbeat["source"]?.string?.count ?? 0))
    }

    /// The server takes nothing else from a worker.
    @Test func aSourceBeginsWithTheWorkersName() throws {
        for settings in [Self.clip, [:]] {
            let numbering = ReadingNumbering(try assignment(settings: settings), workerID: "w7", now: Self.now)
            #expect(numbering.source.hasPrefix("w7:"))
        }
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

    @Test func anotherEpochLineOrStreamIsAnotherSource() throws {
        func source(_ assignment: Assignment) -> String {
            ReadingNumbering(assignment, workerID: "w", now: Self.now).source
        }
        let sources = [
            source(try assignment(settings: Self.clip)), source(try assignment(epoch: 2, settings: Self.clip)),
            source(try assignment(url: "file:///clips/b.avi", settings: Self.clip)),
            source(try assignment(settings: ["started_at": "2026-03-01T08:00:00Z", "confidence": 0.5])),
        ]
        #expect(Set(sources).count == sources.count)
    }

    @Test func aLiveStreamHasASourceForEachRun() throws {
        let live = try assignment(type: "rtsp", url: "rtsp://10.0.0.1/a", settings: Self.clip)
        let first = ReadingNumbering(live, workerID: "w", now: Self.now)
        let second = ReadingNumbering(live, workerID: "w", now: Self.now + .seconds(1))
        #expect(first.source != second.source)
    }
}
