import EventSourcing

/// Events as lines of PostgreSQL's COPY text format: position, version, recorded_at (RFC 3339), schema_version, stream,
/// type, data and metadata (`StoredMetadata`), with tabs between them. This is the form of files, whatever columns the
/// table has; psql reads it into a table of its own, as the help of `footfallctl archive` says.
enum EventText {
    struct Malformed: Error, CustomStringConvertible {
        let line: Int
        var description: String { "line \(line) is not an event" }
    }

    private static let tab = UInt8(ascii: "\t")
    private static let backslash = UInt8(ascii: "\\")

    /// Writes one line after another. Times repeat within a batch of appends, so the last one's text is kept.
    struct Writer {
        private var recordedAt = Time()

        mutating func write(_ event: RecordedEvent, to output: inout [UInt8]) {
            let time = recordedAt.text(of: event)
            output.append(contentsOf: "\(event.position)\t\(event.version)\t\(time)\t\(event.schemaVersion)\t".utf8)
            EventText.write(field: event.stream.rawValue, to: &output)
            output.append(tab)
            EventText.write(field: event.type, to: &output)
            output.append(tab)
            EventText.write(field: event.data, to: &output)
            output.append(tab)
            EventText.write(field: event.metadata, to: &output)
            output.append(UInt8(ascii: "\n"))
        }
    }

    /// The text of an event's time; the last one is kept.
    struct Time {
        private var last: (value: Timestamp, text: String)?

        mutating func text(of event: RecordedEvent) -> String {
            if let last, last.value == event.recordedAt { return last.text }
            let text = event.recordedAt.rfc3339
            last = (event.recordedAt, text)
            return text
        }
    }

    static func write(field: String, to output: inout [UInt8]) {
        var field = field
        field.withUTF8 { write(field: $0, to: &output) }
    }

    static func write(field: [UInt8], to output: inout [UInt8]) {
        field.withUnsafeBufferPointer { write(field: $0, to: &output) }
    }

    private static func write(field: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        // Most fields need no escape and are copied whole.
        guard field.contains(where: { $0 == backslash || $0 < 0x20 }) else {
            output.append(contentsOf: field)
            return
        }
        for byte in field {
            switch byte {
            case backslash: output.append(contentsOf: [backslash, backslash])
            case tab: output.append(contentsOf: [backslash, UInt8(ascii: "t")])
            case UInt8(ascii: "\n"): output.append(contentsOf: [backslash, UInt8(ascii: "n")])
            case UInt8(ascii: "\r"): output.append(contentsOf: [backslash, UInt8(ascii: "r")])
            default: output.append(byte)
            }
        }
    }

    /// Reads one line, without its line feed. Timestamps repeat within a batch of appends, so the last one is kept.
    struct Parser {
        private var recordedAt: (text: [UInt8], value: Timestamp) = ([], Timestamp(microseconds: 0))
        private var lines = 0

        mutating func event(_ line: ArraySlice<UInt8>) throws(Malformed) -> RecordedEvent {
            lines += 1
            var fields: [ArraySlice<UInt8>] = []
            fields.reserveCapacity(8)
            for field in line.split(separator: tab, omittingEmptySubsequences: false) { fields.append(field) }
            guard fields.count == 8, let position = Int64(ascii: fields[0]), let version = Int64(ascii: fields[1]),
                let schemaVersion = Int64(ascii: fields[3]).flatMap(Int16.init(exactly:))
            else { throw Malformed(line: lines) }
            if !fields[2].elementsEqual(recordedAt.text) {
                guard let value = Timestamp(rfc3339: String(decoding: fields[2], as: UTF8.self)) else {
                    throw Malformed(line: lines)
                }
                recordedAt = (Array(fields[2]), value)
            }
            return RecordedEvent(
                position: position,
                stream: StreamName(String(decoding: try unescaped(fields[4]), as: UTF8.self)),
                version: version,
                type: String(decoding: try unescaped(fields[5]), as: UTF8.self),
                schemaVersion: schemaVersion,
                data: try unescaped(fields[6]),
                metadata: try unescaped(fields[7]),
                recordedAt: recordedAt.value)
        }

        private func unescaped(_ field: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
            guard field.contains(backslash) else { return Array(field) }
            var output: [UInt8] = []
            output.reserveCapacity(field.count)
            var bytes = field.makeIterator()
            while let byte = bytes.next() {
                guard byte == backslash else {
                    output.append(byte)
                    continue
                }
                switch bytes.next() {
                case backslash: output.append(backslash)
                case UInt8(ascii: "t"): output.append(tab)
                case UInt8(ascii: "n"): output.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "r"): output.append(UInt8(ascii: "\r"))
                default: throw Malformed(line: lines)
                }
            }
            return output
        }
    }
}

extension Int64 {
    /// A decimal number, perhaps with a minus sign.
    fileprivate init?(ascii text: ArraySlice<UInt8>) {
        var digits = text
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits.removeFirst() }
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        self = isNegative ? -value : value
    }
}
