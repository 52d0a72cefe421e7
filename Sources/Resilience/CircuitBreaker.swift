import Metrics
import Synchronization

/// Keeps calls away from something that is down, so that they fail at once and it is left to recover.
///
/// Shows its state as the gauge `footfall_circuit_state` by `circuit`: 0 closed, 1 half open, 2 open.
package final class CircuitBreaker: Sendable {
    package typealias State = Circuit.State

    /// What stands behind it: a word that never changes, for metrics and `/health/ready`.
    package let name: String
    private let circuit: Mutex<Circuit>
    private let gauge: Gauge
    private let now: @Sendable () -> Circuit.Instant

    package init(
        _ name: String, _ rule: Circuit.Rule = Circuit.Rule(), metrics: any MetricsFactory = MetricsSystem.factory,
        now: @escaping @Sendable () -> Circuit.Instant = { .now }
    ) {
        self.name = name
        self.now = now
        circuit = Mutex(Circuit(rule))
        gauge = Gauge(label: "footfall_circuit_state", dimensions: [("circuit", name)], factory: metrics)
        gauge.record(0)
    }

    /// An open circuit stays open until a call comes after its pause.
    package var state: State { circuit.withLock(\.state) }

    /// - Throws: `CircuitOpen` where nothing is to be asked now. Else the end of the call must be reported.
    package func admit() throws(CircuitOpen) -> Circuit.Ticket {
        let admission = change { $0.admit(at: $1) }
        switch admission {
        case .admitted(let ticket): return ticket
        case .refused(let pause): throw CircuitOpen(name: name, retryAfter: pause)
        }
    }

    package func report(_ report: Circuit.Report, of ticket: Circuit.Ticket) {
        change { $0.report(report, of: ticket, at: $1) }
    }

    /// Makes a call.
    /// - Parameter isFailure: whether an error says that what was asked is down. Others count as an answer, but for a
    ///   cancellation, which says nothing.
    /// - Throws: `CircuitOpen`, or what `call` throws.
    package func run<Value>(
        isFailure: (any Error) -> Bool = { _ in true }, _ call: () async throws -> Value
    ) async throws -> Value {
        let ticket = try admit()
        do {
            let value = try await call()
            report(.success, of: ticket)
            return value
        } catch {
            report(error is CancellationError ? .nothing : isFailure(error) ? .failure : .success, of: ticket)
            throw error
        }
    }

    @discardableResult
    private func change<Value: Sendable>(_ change: (inout Circuit, Circuit.Instant) -> Value) -> Value {
        let now = now()
        return circuit.withLock { circuit in
            let before = circuit.state
            let value = change(&circuit, now)
            // Under the lock, so that the last state is the last to be shown.
            if circuit.state != before { gauge.record(circuit.state.level) }
            return value
        }
    }
}

/// Nothing was asked: what stands behind the circuit is taken to be down.
package struct CircuitOpen: Error, CustomStringConvertible {
    package let name: String
    package let retryAfter: Duration

    package var description: String { "the circuit \(name) is open" }
}

extension Circuit.State {
    fileprivate var level: Int {
        switch self {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
    }
}
