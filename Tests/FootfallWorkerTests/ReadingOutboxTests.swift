import Foundation
import Testing

@testable import footfall_worker

@Suite(.timeLimit(.minutes(5))) struct ReadingOutboxTests {
    @Test func readingsLeaveInOrderAndStayUntilTheyAreAcknowledged() async {
        let outbox = ReadingOutbox(whenFull: .wait)
        outbox.add([1, 2, 3].map(reading))
        let batch = await outbox.next(limit: 2)
        #expect(batch?.map(\.sequence) == [1, 2])
        #expect(await outbox.next(limit: 2) == batch)
        outbox.remove(batch ?? [])
        #expect(await outbox.next(limit: 2)?.map(\.sequence) == [3])
    }

    @Test func aFullOutboxOfALiveStreamGivesUpTheOldest() async {
        let outbox = ReadingOutbox(capacity: 3, whenFull: .dropOldest)
        outbox.add((1...5).map(reading))
        #expect(await outbox.next(limit: 10)?.map(\.sequence) == [3, 4, 5])
        #expect(outbox.takeLosses() == ReadingLosses(givenUp: 2))
        #expect(outbox.takeLosses() == ReadingLosses())
    }

    @Test func lossesThatNobodyCouldBeToldOfAreToldLater() async {
        let outbox = ReadingOutbox(capacity: 1, whenFull: .dropOldest)
        outbox.add([1, 2].map(reading))
        let untold = outbox.takeLosses()
        outbox.add([reading(3)])
        outbox.note(untold)
        #expect(outbox.takeLosses() == ReadingLosses(givenUp: 2))
    }

    @Test func lossesBeyondWhatAHeartbeatSaysAreToldByTheNext() {
        let outbox = ReadingOutbox(whenFull: .dropOldest)
        outbox.note(ReadingLosses(givenUp: 1_000_001, refused: 2, reason: "422 no"))
        #expect(outbox.takeLosses() == ReadingLosses(givenUp: 1_000_000, refused: 2, reason: "422 no"))
        #expect(outbox.takeLosses() == ReadingLosses(givenUp: 1))
        #expect(outbox.takeLosses().isEmpty)
    }

    @Test func refusedReadingsAreKeptAndBounded() async {
        let outbox = ReadingOutbox(refusedCapacity: 2, whenFull: .dropOldest)
        outbox.add((1...4).map(reading))
        for sequence in 1...3 { outbox.refuse(reading(Int64(sequence)), because: "422 no") }
        #expect(outbox.refusedReadings.map(\.reading.sequence) == [2, 3])
        #expect(outbox.refusedReadings.map(\.reason) == ["422 no", "422 no"])
        #expect(outbox.takeLosses() == ReadingLosses(refused: 3, reason: "422 no"))
        #expect(await outbox.next(limit: 9)?.map(\.sequence) == [4])
    }

    @Test func aBatchThatWasGivenUpMeanwhileIsNotMissed() async {
        let outbox = ReadingOutbox(capacity: 2, whenFull: .dropOldest)
        outbox.add([1, 2].map(reading))
        let batch = await outbox.next(limit: 2) ?? []
        outbox.add([3, 4].map(reading))
        outbox.remove(batch)
        #expect(await outbox.next(limit: 2)?.map(\.sequence) == [3, 4])
    }

    @Test func aFullOutboxOfAFileMakesItsThreadWait() async {
        let outbox = ReadingOutbox(capacity: 2, whenFull: .wait)
        outbox.add([1, 2].map(reading))
        let (added, continuation) = AsyncStream.makeStream(of: Void.self)
        Thread {
            outbox.add([reading(3)])
            continuation.finish()
        }.start()
        let batch = await outbox.next(limit: 1) ?? []
        #expect(outbox.count == 2)
        outbox.remove(batch)
        for await _ in added {}
        #expect(outbox.count == 2)
    }

    @Test func closingReleasesWhoeverWaitsAndEndsAfterTheLastReading() async {
        let outbox = ReadingOutbox(capacity: 1, whenFull: .wait)
        outbox.add([reading(1)])
        async let waiting: Void = withCheckedContinuation { continuation in
            Thread {
                outbox.add([reading(2)])
                continuation.resume()
            }.start()
        }
        outbox.close()
        await waiting
        let last = await outbox.next(limit: 10) ?? []
        #expect(last.map(\.sequence) == [1])
        outbox.remove(last)
        #expect(await outbox.next(limit: 10) == nil)
    }
}
