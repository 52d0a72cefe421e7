import Logging
import Synchronization

/// Keeps what is logged, for a test to look at.
package final class LogRecord: Sendable {
    package struct Line: Sendable, CustomStringConvertible {
        package let level: Logger.Level
        package let message: String
        /// The logger's own among it.
        package let metadata: [String: String]

        package var description: String { "\(level) \(message) \(metadata)" }
    }

    private let kept = Mutex<[Line]>([])
    private let (arrivals, arrived) = AsyncStream.makeStream(of: Line.self)

    package init() {}

    package var lines: [Line] { kept.withLock(\.self) }

    /// Writes here, whatever the level.
    package var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(record: self) }
        logger.logLevel = .trace
        return logger
    }

    /// Waits for the next line with this message; one task may wait at a time.
    package func next(_ message: String) async {
        for await line in arrivals where line.message == message { return }
    }

    private func keep(_ line: Line) {
        kept.withLock { $0.append(line) }
        arrived.yield(line)
    }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            record.keep(
                Line(level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
        }
    }
}
