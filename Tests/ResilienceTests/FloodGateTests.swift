import Resilience
import Synchronization
import Testing

@Suite struct FloodGateTests {
    @Test func ofAFloodAFewLinesAreWrittenThenOneASecondAndTheRestIsCounted() {
        let began = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let gate = FloodGate(burst: 3) { began + passed.withLock(\.self) }
        #expect((0..<1000).count { _ in gate.admits("refused") } == 3)
        #expect(gate.admits("request"))
        #expect(gate.takeHeld() == ["refused": 997])
        #expect(gate.takeHeld().isEmpty)
        #expect(!gate.admits("refused"))
        passed.withLock { $0 = .seconds(1) }
        #expect((0..<5).count { _ in gate.admits("refused") } == 1)
        #expect(gate.takeHeld() == ["refused": 5])
        // A flood of ten seconds has a line a second.
        var written = 0
        for tenth in 10..<110 {
            passed.withLock { $0 = .milliseconds(100 * tenth) }
            for _ in 0..<50 where gate.admits("refused") { written += 1 }
        }
        #expect(written == 9)
        // After a pause there are a few again, and no more than at first.
        passed.withLock { $0 = .seconds(3600) }
        #expect((0..<1000).count { _ in gate.admits("refused") } == 3)
    }
}
