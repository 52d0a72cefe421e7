import Foundation
import StructuredLogging
import Synchronization

/// Says on standard error how far something has come: in place on a terminal, else a line for each tenth.
final class ProgressLine: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let shown = Mutex(-1)

    /// - Parameter share: 0 to 1.
    func show(_ text: String, share: Double) {
        let step = Int(share * (isTerminal ? 1000 : 10))
        let isNew = shown.withLock { shown in
            defer { shown = step }
            return shown != step
        }
        guard isNew else { return }
        FileHandle.standardError.say(isTerminal ? "\r\(text)\u{1B}[K" : "\(text)\n")
    }

    func end() {
        if isTerminal, shown.withLock({ $0 >= 0 }) { FileHandle.standardError.say("\n") }
    }
}
