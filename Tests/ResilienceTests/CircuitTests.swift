import Resilience
import Testing

@Suite struct CircuitTests {
    private let start = ContinuousClock.now
    private let rule = Circuit.Rule(
        failures: 3, window: .seconds(10), firstPause: .seconds(1), longestPause: .seconds(4))

    /// Makes a call at once; nil where it is refused.
    private func call(_ circuit: inout Circuit, _ report: Circuit.Report, at seconds: Double) -> Circuit.Ticket? {
        let now = start + .seconds(seconds)
        guard case .admitted(let ticket) = circuit.admit(at: now) else { return nil }
        circuit.report(report, of: ticket, at: now)
        return ticket
    }

    private func opened(at seconds: Double = 0) -> Circuit {
        var circuit = Circuit(rule)
        for _ in 0..<3 { _ = call(&circuit, .failure, at: seconds) }
        return circuit
    }

    @Test func asManyFailuresAsTheRuleSaysOpenIt() {
        var circuit = Circuit(rule)
        _ = call(&circuit, .failure, at: 0)
        _ = call(&circuit, .success, at: 1)
        _ = call(&circuit, .failure, at: 2)
        #expect(circuit.state == .closed)
        _ = call(&circuit, .failure, at: 9.9)
        #expect(circuit.state == .open)
        #expect(call(&circuit, .success, at: 9.9) == nil)
    }

    @Test func failuresOlderThanTheWindowDoNotCount() {
        var circuit = Circuit(rule)
        for second in [0.0, 5, 10, 15, 20, 25] { _ = call(&circuit, .failure, at: second) }
        #expect(circuit.state == .closed)
    }

    @Test func afterThePauseOneTrialPassesAndDecides() throws {
        var circuit = opened()
        #expect(call(&circuit, .success, at: 0.49) == nil)
        guard case .admitted(let trial) = circuit.admit(at: start + .seconds(1)) else {
            Issue.record("no trial is admitted")
            return
        }
        #expect(circuit.state == .halfOpen)
        #expect(call(&circuit, .success, at: 1) == nil)
        circuit.report(.success, of: trial, at: start + .seconds(2))
        #expect(circuit.state == .closed)
        #expect(call(&circuit, .success, at: 2) != nil)
    }

    @Test func aTrialThatSaysNothingLetsAnotherPass() {
        var circuit = opened()
        _ = call(&circuit, .nothing, at: 1)
        #expect(circuit.state == .halfOpen)
        _ = call(&circuit, .success, at: 1)
        #expect(circuit.state == .closed)
    }

    @Test func pausesGrowWithEachFailedTrialUpToTheLongestAndBeginAnewOnceItIsClosed() {
        var circuit = opened()
        var now = 0.0
        for pause in [1.0, 2, 4, 4, 4] {
            // Jitter takes away up to half.
            #expect(call(&circuit, .failure, at: now + pause * 0.49) == nil)
            now += pause
            #expect(call(&circuit, .failure, at: now) != nil)
        }
        now += 4
        #expect(call(&circuit, .success, at: now) != nil)
        for _ in 0..<3 { _ = call(&circuit, .failure, at: now) }
        #expect(call(&circuit, .success, at: now + 1) != nil)
    }

    @Test func aLateReportOfAnEarlierPeriodChangesNothing() throws {
        var circuit = Circuit(rule)
        guard case .admitted(let late) = circuit.admit(at: start) else {
            Issue.record("a closed circuit refuses")
            return
        }
        for _ in 0..<3 { _ = call(&circuit, .failure, at: 0) }
        circuit.report(.success, of: late, at: start)
        #expect(circuit.state == .open)
        _ = call(&circuit, .success, at: 1)
        for _ in 0..<3 { circuit.report(.failure, of: late, at: start + .seconds(1)) }
        #expect(circuit.state == .closed)
    }
}
