import Resilience
import Testing

@Suite(.timeLimit(.minutes(5))) struct SemaphoreTests {
    @Test func oneUserHasAShareAndAllHaveABound() {
        let semaphore = Semaphore(3, ofUser: 2)
        var ana = [semaphore.take(for: "ana"), semaphore.take(for: "ana")]
        #expect(ana.allSatisfy { $0 != nil })
        #expect(semaphore.take(for: "ana") == nil)
        let ben = semaphore.take(for: "ben")
        #expect(ben != nil && semaphore.take(for: "eve") == nil)
        ana.removeAll()
        withExtendedLifetime(ben) {
            #expect(semaphore.take(for: "ana") != nil)
        }
        #expect(semaphore.take(for: "eve") != nil)
    }

    @Test func aPermitThatIsTakenAgainKeepsOthersOut() {
        let semaphore = Semaphore(1)
        var permits = [semaphore.take()]
        #expect(permits[0] != nil && semaphore.take() == nil)
        permits.append(semaphore.retake())
        permits.removeFirst()
        #expect(semaphore.take() == nil)
        permits.removeFirst()
        #expect(semaphore.take() != nil)
    }

    @Test func permitsAreHandedOnInTheOrderOfTheUsersRequests() async {
        let semaphore = Semaphore(2, ofUser: 1, maximumWaiting: 2, timeout: .seconds(600))
        var first = semaphore.take(for: "eve")
        let order = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup(of: Void.self) { group in
            for number in 1...2 {
                group.addTask {
                    let permit = await semaphore.wait(for: "eve")
                    #expect(permit != nil)
                    order.continuation.yield(number)
                }
                while semaphore.waiting(of: "eve") != number { await Task.yield() }
            }
            #expect(await semaphore.wait(for: "eve") == nil)
            #expect(semaphore.take(for: "ana") != nil)
            #expect(first != nil)
            first = nil
            await group.waitForAll()
        }
        order.continuation.finish()
        #expect(await order.stream.reduce(into: []) { $0.append($1) } == [1, 2])
        #expect(semaphore.waiting(of: "eve") == 0 && semaphore.take(for: "eve") != nil)
    }

    /// Else a request would wait for a permit that nobody hands on to it.
    @Test func whatOtherUsersHoldIsNotWaitedFor() async {
        let semaphore = Semaphore(1, ofUser: 1, maximumWaiting: 2, timeout: .seconds(600))
        let permit = semaphore.take(for: "ana")
        #expect(await semaphore.wait(for: "eve") == nil)
        withExtendedLifetime(permit) {}
    }

    @Test func aCancelledRequestWaitsNoLonger() async {
        let semaphore = Semaphore(ofUser: 1, maximumWaiting: 2, timeout: .seconds(600))
        let permit = semaphore.take(for: "eve")
        let waiting = Task { await semaphore.wait(for: "eve") == nil }
        while semaphore.waiting(of: "eve") != 1 { await Task.yield() }
        waiting.cancel()
        #expect(await waiting.value)
        #expect(semaphore.waiting(of: "eve") == 0)
        withExtendedLifetime(permit) {}
    }
}
