extension JSON {
    /// Appends the value as PostgreSQL writes a jsonb value (jsonb_out; strings as escape_json does): members in
    /// jsonb's order, a space after each comma and colon. Numbers are written as they are spelled.
    package func writeAsPostgres(to output: inout [UInt8]) {
        switch self {
        case .null, .bool, .integer, .number: write(to: &output)
        case .string(let text): Self.writeAsPostgres(text, to: &output)
        case .array(let elements):
            output += "[".utf8
            for (index, element) in elements.enumerated() {
                if index > 0 { output += ", ".utf8 }
                element.writeAsPostgres(to: &output)
            }
            output += "]".utf8
        case .object(let members):
            output += "{".utf8
            for (index, (name, value)) in members.inStorageOrder.enumerated() {
                if index > 0 { output += ", ".utf8 }
                Self.writeAsPostgres(name, to: &output)
                output += ": ".utf8
                value.writeAsPostgres(to: &output)
            }
            output += "}".utf8
        }
    }

    /// Appends the text as a JSON string, quotes included.
    static func writeAsPostgres(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            // Most texts need no escape and are copied whole.
            if text.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                for byte in text { writeAsPostgres(escaping: byte, to: &output) }
            } else {
                output.append(contentsOf: text)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func writeAsPostgres(escaping byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case 0x08: output += #"\b"#.utf8
        case 0x09: output += #"\t"#.utf8
        case 0x0A: output += #"\n"#.utf8
        case 0x0C: output += #"\f"#.utf8
        case 0x0D: output += #"\r"#.utf8
        case UInt8(ascii: "\""): output += #"\""#.utf8
        case UInt8(ascii: "\\"): output += #"\\"#.utf8
        case 0x00..<0x20: output += "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8
        default: output.append(byte)
        }
    }
}

extension JSONObject {
    /// The members in the order in which jsonb keeps them: shorter names first, then by bytes.
    package var inStorageOrder: JSONObject {
        var ordered = self
        ordered.sort { left, right in
            let (leftName, rightName) = (left.key.utf8, right.key.utf8)
            return leftName.count == rightName.count
                ? leftName.lexicographicallyPrecedes(rightName) : leftName.count < rightName.count
        }
        return ordered
    }
}
