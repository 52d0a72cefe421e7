import Testing

@testable import Installation

@Suite struct ServerWatchTests {
    private let start = ContinuousClock.now
    private let room: Int64 = 1 << 30

    private func watch(failures: Int = 8) -> ServerWatch {
        var rule = ServerWatch.Rule()
        rule.failures = failures
        return ServerWatch(rule, at: start)
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func aServerThatRunsIsLookedAt() {
        var watch = watch()
        for second in 0..<100 {
            let (action, news) = watch.looked(isAlive: true, freeBytes: nil, at: at(Double(second)))
            #expect(action == .look(after: .milliseconds(250)))
            #expect(news == nil)
        }
    }

    @Test func oneThatRanForLongIsStartedAgainAtOnce() {
        var watch = watch()
        #expect(watch.looked(isAlive: false, freeBytes: room, at: at(60)).1 == .ended)
        #expect(watch.looked(isAlive: false, freeBytes: room, at: at(60)).0 == .start)
        let (action, news) = watch.started(failure: nil, freeBytes: room, at: at(62))
        #expect(action == .look(after: .milliseconds(250)))
        #expect(news == .runsAgain(after: .seconds(2)))
    }

    @Test func howeverOftenItIsKilledAfterItHasSettledItIsStartedAgain() {
        var watch = watch(failures: 3)
        for round in 1...100 {
            let now = Double(round) * 11
            #expect(watch.looked(isAlive: true, freeBytes: nil, at: at(now - 0.5)).0 != .start)
            _ = watch.looked(isAlive: false, freeBytes: room, at: at(now))
            #expect(watch.looked(isAlive: false, freeBytes: room, at: at(now)).0 == .start)
            _ = watch.started(failure: nil, freeBytes: room, at: at(now))
        }
        #expect(!watch.isUseless)
    }

    @Test func oneThatDoesNotStartIsGivenUpAfterPausesThatGrow() {
        var watch = watch(failures: 5)
        var now = 60.0
        var starts: [Double] = []
        var reason: String?
        _ = watch.looked(isAlive: false, freeBytes: room, at: at(now))
        while reason == nil, now < 1000 {
            switch watch.looked(isAlive: false, freeBytes: room, at: at(now)).0 {
            case .start:
                starts.append(now)
                if case .giveUp(let why) = watch.started(failure: "broken", freeBytes: room, at: at(now)).0 {
                    reason = why
                }
                #expect(watch.isUseless == (starts.count >= 4))
            case .look(let pause): now += max(0.001, pause / .seconds(1))
            case .giveUp: Issue.record("it is given up after a start")
            }
        }
        #expect(reason == "broken")
        #expect(starts.count == 5)
        let pauses = zip(starts, starts.dropFirst()).map { $1 - $0 }
        for (pause, length) in zip(pauses, [0.5, 1, 2, 4]) { #expect(pause >= length / 2 && pause <= length + 0.3) }
    }

    @Test func oneThatEndsAgainAtOnceIsGivenUpToo() {
        var watch = watch(failures: 3)
        var now = 60.0
        var ends = 0
        while now < 1000 {
            let (action, news) = watch.looked(isAlive: false, freeBytes: room, at: at(now))
            if news == .ended { ends += 1 }
            if case .giveUp = action { break }
            if action == .start { _ = watch.started(failure: nil, freeBytes: room, at: at(now)) }
            now += 0.1
        }
        // The first one followed a long run.
        #expect(ends == 4)
    }

    @Test func aRunThatSettledForgivesEarlierFailures() {
        var watch = watch(failures: 3)
        var now = 60.0
        for _ in 0..<20 {
            _ = watch.looked(isAlive: false, freeBytes: room, at: at(now))
            for _ in 0..<2 { _ = watch.started(failure: "broken", freeBytes: room, at: at(now)) }
            _ = watch.started(failure: nil, freeBytes: room, at: at(now))
            now += 11
            _ = watch.looked(isAlive: true, freeBytes: nil, at: at(now))
            #expect(!watch.isUseless)
        }
    }

    @Test func onAFullDiskItIsStartedWhenThereIsRoomAndNeverGivenUp() {
        var watch = watch(failures: 2)
        #expect(watch.looked(isAlive: false, freeBytes: 4096, at: at(60)).1 == .waitsForRoom)
        var starts = 0
        for second in stride(from: 60.0, to: 660, by: 0.25) {
            let (action, _) = watch.looked(isAlive: false, freeBytes: 4096, at: at(second))
            guard action == .start else { continue }
            starts += 1
            #expect(watch.started(failure: "broken", freeBytes: 4096, at: at(second)).1 == .waitsForRoom)
        }
        // Now and then, in ten minutes.
        #expect((10...20).contains(starts))
        #expect(!watch.isUseless)
        #expect(watch.looked(isAlive: false, freeBytes: room, at: at(660)).0 == .start)
        #expect(watch.started(failure: nil, freeBytes: room, at: at(661)).1 == .runsAgain(after: .seconds(601)))
    }

    @Test func whatTheServerSaysOfAFullDiskCountsWhereTheDiskLooksRoomy() {
        var watch = watch(failures: 1)
        _ = watch.looked(isAlive: false, freeBytes: room, at: at(60))
        let (action, news) = watch.started(
            failure: "could not write: No space left on device", freeBytes: room, at: at(60))
        #expect(news == .waitsForRoom)
        #expect(action == .look(after: .milliseconds(250)))
    }

    @Test func oneThatAnotherProcessStartedIsTakenOver() {
        var watch = watch()
        _ = watch.looked(isAlive: false, freeBytes: room, at: at(60))
        let (action, news) = watch.looked(isAlive: true, freeBytes: nil, at: at(61))
        #expect(action == .look(after: .milliseconds(250)))
        #expect(news == .runsAgain(after: .seconds(1)))
    }
}
