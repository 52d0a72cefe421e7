import EventSourcing
import Foundation
import Logging

/// Writes each entry as one line for people: the time (RFC 3339, UTC), the level and the logger, the metadata, from where
/// in the code it comes, and the message. A line break or another control character is written as JSON escapes it, so
/// that nothing that is logged can pass for a line of its own, or move a terminal's cursor.
package struct TextLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let output: LogOutput
    private let now: @Sendable () -> Timestamp

    package init(
        label: String, output: LogOutput, now: @escaping @Sendable () -> Timestamp = LogOutput.now
    ) {
        self.label = label
        self.output = output
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var text = "\(now().rfc3339) \(event.level) \(label):"
        for (key, value) in metadata.completed(by: metadataProvider, event).sorted(by: { $0.key < $1.key }) {
            text += " \(key)=\(value)"
        }
        text += " [\(event.source)] \(event.message)"
        output.write(Array((Self.escaped(text) + "\n").utf8))
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Logger.Metadata {
    /// A logger's own metadata, with what its provider knows and what the entry brings.
    func completed(by provider: Logger.MetadataProvider?, _ event: LogEvent) -> Logger.Metadata {
        var all = self
        if let provided = provider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        return all
    }
}
