import Testing

@testable import footfall_worker

@Suite(.timeLimit(.minutes(1))) struct LatchTests {
    @Test func aWaitThatIsCancelledEndsAndLeavesOthersWaiting() async {
        let latch = Latch()
        let other = Task {
            await latch.wait()
            return Task.isCancelled
        }
        let cancelled = Task { await latch.wait() }
        cancelled.cancel()
        await cancelled.value
        // Anyone who comes after that waits too: it is its own cancellation that ends it.
        let later = Task {
            await latch.wait()
            return Task.isCancelled
        }
        later.cancel()
        #expect(await later.value)
        latch.set()
        #expect(await other.value == false)
    }

    @Test func whoComesAfterTheSignalDoesNotWait() async {
        let latch = Latch()
        latch.set()
        await latch.wait()
        await latch.wait()
    }
}
