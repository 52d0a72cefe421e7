import EventSourcing
import Foundation
import Logging

/// Writes each entry as one line: a JSON object with `time` (RFC 3339, UTC), `level`, `logger` and `message`, then the
/// metadata, each key a member. A key that stands for something else here already is written with a leading `_`.
package struct JSONLogHandler: LogHandler {
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
        var line: [UInt8] = []
        line.reserveCapacity(512)
        Self.append("{\"time\":", to: &line)
        JSON.write(string: now().rfc3339, to: &line)
        Self.append(",\"level\":", to: &line)
        JSON.write(string: event.level.rawValue, to: &line)
        Self.append(",\"logger\":", to: &line)
        JSON.write(string: label, to: &line)
        Self.append(",\"message\":", to: &line)
        JSON.write(string: event.message.description, to: &line)
        for (key, value) in metadata.completed(by: metadataProvider, event).sorted(by: { $0.key < $1.key }) {
            line.append(UInt8(ascii: ","))
            JSON.write(string: Self.reserved.contains(key) ? "_" + key : key, to: &line)
            line.append(UInt8(ascii: ":"))
            Self.write(value, to: &line)
        }
        Self.append("}\n", to: &line)
        output.write(line)
    }

    private static let reserved: Set<String> = ["time", "level", "logger", "message"]

    private static func append(_ text: StaticString, to line: inout [UInt8]) {
        line.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static func write(_ value: Logger.MetadataValue, to line: inout [UInt8]) {
        switch value {
        case .string(let text): JSON.write(string: text, to: &line)
        case .stringConvertible(let value):
            switch value {
            case let number as Int: line.append(contentsOf: String(number).utf8)
            case let number as Int64: line.append(contentsOf: String(number).utf8)
            case let number as Double where number.isFinite: line.append(contentsOf: String(number).utf8)
            case let flag as Bool: line.append(contentsOf: String(flag).utf8)
            default: JSON.write(string: value.description, to: &line)
            }
        case .array(let values):
            line.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                write(value, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            line.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                JSON.write(string: member.key, to: &line)
                line.append(UInt8(ascii: ":"))
                write(member.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }
}
