import EventSourcing
import Foundation
import Logging

/// Writes each entry as one line for people: the time (RFC 3339, UTC), the level and the logger, the metadata, from where
/// in the code it comes, and the message. A line break, another control character or one that changes the direction of
/// writing is written as JSON escapes it, so that nothing that is logged can pass for a line of its own, move a terminal's
/// cursor or look like something else. A value that is more than one plain word stands in quotes, as in JSON, so that none
/// can pass for a field of its own.
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
            text += " \(Self.escaped(key))=\(Self.field("\(value)"))"
        }
        text += " [\(event.source)] \(Self.escaped("\(event.message)"))"
        output.write(Array((text + "\n").utf8))
    }

    private static func field(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy {
            $0 != " " && $0 != "=" && $0 != "\"" && $0 != "[" && !isEscaped($0)
        }
        if isPlain { return value }
        let quoted = value.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return "\"\(escaped(quoted))\""
    }

    /// Whether it is a control character, or one without a form of its own: of format, such as those that change the
    /// direction of writing, or a separator of lines.
    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar < " " || scalar == "\u{7F}" }
        switch scalar.properties.generalCategory {
        // What joins the parts of letters and pictures is needed to read them.
        case .format: return scalar != "\u{200C}" && scalar != "\u{200D}"
        case .control, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case _ where isEscaped(scalar):
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
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
