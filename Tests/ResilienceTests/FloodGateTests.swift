import Resilience
import Synchronization
import Testing

@Suite struct FloodGateTests {
    @Test func ofAFloodAFewLinesAreWrittenAndTheRestIsCounted() {
        let began = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let gate = FloodGate(lines: 3) { began + passed.withLock(\.self) }
        #expect((0..<1000).count { _ in gate.admits("refused") } == 3)
        #expect(gate.admits("request"))
        #expect(gate.takeHeld() == ["refused": 997])
        #expect(gate.takeHeld().isEmpty)
        #expect(!gate.admits("refused"))
        passed.withLock { $0 = .seconds(1) }
        #expect((0..<5).count { _ in gate.admits("refused") } == 3)
        #expect(gate.takeHeld() == ["refused": 3])
    }
}
