/// Why a text is not JSON, and where: line and column count from 1, the column in bytes.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    package let reason: String
    package let line: Int
    package let column: Int

    package var description: String { "line \(line), column \(column): \(reason)" }
}

extension JSON {
    /// Reads one JSON document (RFC 8259) and nothing after it.
    ///
    /// Stricter than the RFC where it leaves a choice, as I-JSON (RFC 7493) asks: a member named twice, invalid UTF-8,
    /// a lone surrogate and U+0000 (which PostgreSQL's jsonb cannot hold) are errors.
    /// What is beyond the limits is an error too.
    package static func parse(
        _ bytes: some Collection<UInt8>, within limits: JSONLimits = .stored
    ) throws(JSONSyntaxError) -> JSON {
        var parser = JSONParser(bytes: ContiguousArray(bytes), limits: limits)
        return try parser.parseDocument()
    }

    package static func parse(_ text: String) throws(JSONSyntaxError) -> JSON { try parse(text.utf8) }
}

private struct JSONParser {
    let bytes: ContiguousArray<UInt8>
    let limits: JSONLimits
    var index = 0
    private var count = 0

    init(bytes: ContiguousArray<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parseDocument() throws(JSONSyntaxError) -> JSON {
        if let first = current, first >= 0xEF { try refuseByteOrderMark() }
        skipWhiteSpace()
        let value = try parseValue(depth: 0)
        skipWhiteSpace()
        guard index == bytes.count else { throw error("unexpected text after the value") }
        return value
    }

    private func refuseByteOrderMark() throws(JSONSyntaxError) {
        let mark = "the text begins with a byte order mark (U+FEFF)"
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw error("\(mark); leave it out") }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            throw error("\(mark) of UTF-16; JSON is sent in UTF-8, without one")
        }
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func error(_ reason: String, at position: Int? = nil) -> JSONSyntaxError {
        let before = bytes[..<min(position ?? index, bytes.count)]
        let line = before.count(where: { $0 == UInt8(ascii: "\n") }) + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return JSONSyntaxError(reason: reason, line: line, column: before.count - lineStart + 1)
    }

    private mutating func skipWhiteSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func parseValue(depth: Int) throws(JSONSyntaxError) -> JSON {
        guard depth < limits.depth else { throw error("nested deeper than \(limits.depth) levels") }
        count += 1
        guard count <= limits.values else { throw error("more than \(limits.values) values") }
        switch current {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", as: .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", as: .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", as: .null)
        case nil: throw error("unexpected end of the text")
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try parseNumber()
        default: throw error("expected a value")
        }
    }

    private mutating func parseWord(_ word: StaticString, as value: JSON) throws(JSONSyntaxError) -> JSON {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count, word.withUTF8Buffer({ $0.elementsEqual(bytes[index..<end]) }) else {
            throw error("expected a value")
        }
        index = end
        return value
    }

    private mutating func parseObject(depth: Int) throws(JSONSyntaxError) -> JSON {
        index += 1
        var members = JSONObject()
        skipWhiteSpace()
        if current == UInt8(ascii: "}") {
            index += 1
            return .object(members)
        }
        while true {
            skipWhiteSpace()
            let keyStart = index
            guard current == UInt8(ascii: "\"") else { throw error("expected a member's name in quotes") }
            let key = try parseString()
            guard key.utf8.count <= limits.nameBytes else {
                throw error("a member's name is longer than \(limits.nameBytes) bytes", at: keyStart)
            }
            guard members[key] == nil else { throw error("the member \"\(key)\" appears twice", at: keyStart) }
            skipWhiteSpace()
            guard current == UInt8(ascii: ":") else { throw error("expected ':' after a member's name") }
            index += 1
            skipWhiteSpace()
            members[key] = try parseValue(depth: depth + 1)
            skipWhiteSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "}"):
                index += 1
                return .object(members)
            default: throw error("expected ',' or '}' in an object")
            }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONSyntaxError) -> JSON {
        index += 1
        var elements: [JSON] = []
        skipWhiteSpace()
        if current == UInt8(ascii: "]") {
            index += 1
            return .array(elements)
        }
        while true {
            skipWhiteSpace()
            elements.append(try parseValue(depth: depth + 1))
            skipWhiteSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return .array(elements)
            default: throw error("expected ',' or ']' in an array")
            }
        }
    }

    private mutating func parseString() throws(JSONSyntaxError) -> String {
        let start = index
        index += 1
        var content: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw error("a string is not valid UTF-8", at: start)
                }
                return text
            case UInt8(ascii: "\\"): try parseEscape(into: &content)
            case 0x00..<0x20: throw error("a control character in a string must be escaped")
            default:
                content.append(byte)
                index += 1
            }
        }
        throw error("a string is not closed", at: start)
    }

    private mutating func parseEscape(into content: inout [UInt8]) throws(JSONSyntaxError) {
        index += 1
        guard let byte = current else { throw error("unexpected end of the text") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: String(try parseUnicodeEscape()).utf8)
        default: throw error("unknown escape in a string", at: index - 2)
        }
    }

    /// The character behind `\u`, which two escapes may say together (a surrogate pair).
    private mutating func parseUnicodeEscape() throws(JSONSyntaxError) -> Character {
        let start = index - 2
        var code = UInt32(try parseFourHexDigits())
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\") {
            index += 1
            guard current == UInt8(ascii: "u") else { throw error("a lone surrogate in a string", at: start) }
            index += 1
            let low = UInt32(try parseFourHexDigits())
            guard (0xDC00..<0xE000).contains(low) else { throw error("a lone surrogate in a string", at: start) }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        }
        guard code != 0 else { throw error("the character U+0000 cannot be stored", at: start) }
        guard let scalar = Unicode.Scalar(code) else { throw error("a lone surrogate in a string", at: start) }
        return Character(scalar)
    }

    private mutating func parseFourHexDigits() throws(JSONSyntaxError) -> UInt16 {
        guard index + 4 <= bytes.count,
            bytes[index..<index + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let code = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw error("expected four hexadecimal digits") }
        index += 4
        return code
    }

    private mutating func parseNumber() throws(JSONSyntaxError) -> JSON {
        let start = index
        var isWhole = true
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") { index += 1 } else { try skipDigits() }
        if current == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            try skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isWhole = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let value = Int64(text), value != 0 || text == "0" { return .integer(value) }
        if isWhole, limits.hasExactNumbers, text != "-0" {
            throw error("an integer lies between \(Int64.min) and \(Int64.max)", at: start)
        }
        guard let value = Double(text), value.isFinite, value != 0 || !limits.hasExactNumbers || Self.saysZero(text)
        else {
            throw error("the number is out of range", at: start)
        }
        return .number(JSONNumber(text: text))
    }

    /// Whether no digit before the exponent is another than 0.
    private static func saysZero(_ number: String) -> Bool {
        number.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.allSatisfy { $0 < UInt8(ascii: "1") }
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        let start = index
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        guard index > start else { throw error("expected a digit") }
    }
}
