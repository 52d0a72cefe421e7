import EventSourcing
import Testing

@Suite struct JSONParserTests {
    @Test(
        arguments: [
            ("null", nil), (" true ", true), ("false", false), ("0", 0), ("-0", 0.0), ("-12", -12), ("1.5", 1.5),
            ("1.0", 1.0),
            ("1e2", 100.0), ("1E+2", 100.0), ("25e-1", 2.5), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9.223372036854775808e18)),
            ("1e-400", 0.0), (#""""#, ""), (#""a""#, "a"), ("[]", []), ("{}", [:]), ("\t[1 ,\r\n2 ]\n", [1, 2]),
            (#"{"a":{"b":[null]},"c":"d"}"#, ["a": ["b": [nil]], "c": "d"]),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\ude00""#, "😀"),
            ("\"😀é\u{7F}\"", "😀é\u{7F}"),
        ] as [(String, JSON)])
    func documentsAreRead(text: String, expected: JSON) throws {
        #expect(try JSON.parse(text) == expected)
    }

    @Test(
        arguments: [
            ("", "unexpected end of the text", 1, 1), ("   ", "unexpected end of the text", 1, 4),
            ("nul", "expected a value", 1, 1), ("nulL", "expected a value", 1, 1), ("True", "expected a value", 1, 1),
            ("NaN", "expected a value", 1, 1), ("Infinity", "expected a value", 1, 1),
            ("'a'", "expected a value", 1, 1),
            ("// x\n1", "expected a value", 1, 1),
            ("1 2", "unexpected text after the value", 1, 3), ("01", "unexpected text after the value", 1, 2),
            ("{}}", "unexpected text after the value", 1, 3), ("0x10", "unexpected text after the value", 1, 2),
            ("+1", "expected a value", 1, 1), (".5", "expected a value", 1, 1), ("-", "expected a digit", 1, 2),
            ("-a", "expected a digit", 1, 2), ("1.", "expected a digit", 1, 3), ("1.e3", "expected a digit", 1, 3),
            ("1e", "expected a digit", 1, 3), ("1e+", "expected a digit", 1, 4),
            ("1e999", "the number is out of range", 1, 1),
            ("[1,]", "expected a value", 1, 4), ("[,1]", "expected a value", 1, 2),
            ("[1 2]", "expected ',' or ']' in an array", 1, 4),
            ("[1", "expected ',' or ']' in an array", 1, 3), ("[", "unexpected end of the text", 1, 2),
            ("{", "expected a member's name in quotes", 1, 2), ("{a:1}", "expected a member's name in quotes", 1, 2),
            (#"{"a":1,}"#, "expected a member's name in quotes", 1, 8),
            (#"{"a"}"#, "expected ':' after a member's name", 1, 5),
            (#"{"a":}"#, "expected a value", 1, 6), (#"{"a":1 "b":2}"#, "expected ',' or '}' in an object", 1, 8),
            (#"{"a":1,"b":2,"a":3}"#, #"the member "a" appears twice"#, 1, 14),
            (#"{"a":1,"\u0061":3}"#, #"the member "a" appears twice"#, 1, 8),
            ("\"a", "a string is not closed", 1, 1), ("\"a\\", "unexpected end of the text", 1, 4),
            ("\"a\nb\"", "a control character in a string must be escaped", 1, 3),
            ("\"\u{0}\"", "a control character in a string must be escaped", 1, 2),
            (#""\x""#, "unknown escape in a string", 1, 2),
            (#""\u12g4""#, "expected four hexadecimal digits", 1, 4),
            (#""\u12"#, "expected four hexadecimal digits", 1, 4),
            (#""\u+123""#, "expected four hexadecimal digits", 1, 4),
            (#""\u0000""#, "the character U+0000 cannot be stored", 1, 2),
            (#""\ud83d""#, "a lone surrogate in a string", 1, 2), (#""\ude00""#, "a lone surrogate in a string", 1, 2),
            (#""\ud83d\ud83d""#, "a lone surrogate in a string", 1, 2),
            (#""\ud83d\n""#, "a lone surrogate in a string", 1, 2),
            ("{\n  \"a\": 1,\n  \"b\": x\n}", "expected a value", 3, 8), ("[1,\r\n2,\r\n!]", "expected a value", 3, 1),
        ] as [(String, String, Int, Int)])
    func errorsSayWhatAndWhere(text: String, reason: String, line: Int, column: Int) throws {
        let error = try #require(throws: JSONSyntaxError.self) { try JSON.parse(text) }
        #expect(error.reason == reason)
        #expect(error.line == line)
        #expect(error.column == column)
    }

    @Test(arguments: [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]])
    func invalidUTF8IsRefused(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONSyntaxError.self) { try JSON.parse([quote] + bytes + [quote]) }
    }

    @Test func nestingIsBounded() throws {
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSON.parse(deep(64)) }
        #expect(throws: JSONSyntaxError.self) { try JSON.parse(deep(65)) }
        #expect(throws: JSONSyntaxError.self) { try JSON.parse(String(repeating: #"{"a":"#, count: 1_000_000)) }
    }

    @Test func namesAndValuesOfStrangersAreBounded() throws {
        let named = { (length: Int) in #"{"\#(String(repeating: "\u{301}", count: length / 2))":1}"# }
        #expect(throws: Never.self) { try JSON.parse(named(256).utf8, within: .foreign) }
        let error = #expect(throws: JSONSyntaxError.self) { try JSON.parse(named(258).utf8, within: .foreign) }
        #expect(error?.reason == "a member's name is longer than 256 bytes")
        #expect(error?.line == 1 && error?.column == 2)
        #expect(throws: Never.self) { try JSON.parse(named(10_000)) }

        let few = "[\(Array(repeating: "{}", count: 99_999).joined(separator: ","))]"
        #expect(throws: Never.self) { try JSON.parse(few.utf8, within: .foreign) }
        let many = "[\(Array(repeating: "{}", count: 100_000).joined(separator: ","))]"
        #expect(throws: JSONSyntaxError.self) { try JSON.parse(many.utf8, within: .foreign) }
    }

    @Test func everyPrefixOfADocumentIsRefusedWithoutACrash() {
        let document = Array(#"{"a":[1.5e3,true,null,"x\u00e9\ud83d\ude00"],"b":{"c":-1}}"#.utf8)
        for length in 0..<document.count {
            #expect(throws: JSONSyntaxError.self) { try JSON.parse(document[..<length]) }
        }
    }

    @Test(
        arguments: [
            [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], [0xFE, 0xFF, 0, 0x7B, 0, 0x7D], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0],
        ] as [[UInt8]]) func byteOrderMarkIsNamed(bytes: [UInt8])
    {
        let error = #expect(throws: JSONSyntaxError.self) { try JSON.parse(bytes) }
        #expect(error?.reason.hasPrefix("the text begins with a byte order mark (U+FEFF)") == true)
        #expect(error?.line == 1 && error?.column == 1)
    }

    @Test(arguments: ["9223372036854775808", "-9223372036854775809", "12345678901234567890"])
    func integerBeyond64BitsIsRefusedWhereItIsToBeExact(text: String) throws {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSON.parse("{\"a\":\n [\(text)]}".utf8, within: JSONLimits(hasExactNumbers: true))
        }
        #expect(error?.reason == "an integer lies between -9223372036854775808 and 9223372036854775807")
        #expect(error?.line == 2 && error?.column == 3)
        #expect(throws: JSONSyntaxError.self) {
            try JSON.parse("1e-400".utf8, within: JSONLimits(hasExactNumbers: true))
        }
        for exact in ["9223372036854775807", "-9223372036854775808", "1e19", "9223372036854775808.0", "-0.0e9", "0"] {
            #expect(throws: Never.self) { try JSON.parse(exact.utf8, within: JSONLimits(hasExactNumbers: true)) }
        }
    }
}
