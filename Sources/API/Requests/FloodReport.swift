import Logging
import Resilience

/// Tells the log once a second how many lines were kept out of it.
package struct FloodReport: Sendable {
    let gate: FloodGate
    let logger: Logger

    package init(_ gate: FloodGate, logger: Logger) {
        self.gate = gate
        self.logger = logger
    }

    /// Runs until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancelled, it tells what there is
            tell()
        }
    }

    func tell() {
        for (kind, count) in gate.takeHeld().sorted(by: { $0.key < $1.key }) {
            logger.notice(
                "more of these were not logged", metadata: ["kind": "\(kind)", "count": .stringConvertible(count)])
        }
    }
}
