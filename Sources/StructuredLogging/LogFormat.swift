import Logging

/// How a process writes its log to standard error.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// For programs: one JSON object a line.
    case json

    package func makeLogger(label: String, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { label in
            switch self {
            case .text: TextLogHandler(label: label, output: .standardError)
            case .json: JSONLogHandler(label: label, output: .standardError)
            }
        }
        logger.logLevel = level
        return logger
    }
}
