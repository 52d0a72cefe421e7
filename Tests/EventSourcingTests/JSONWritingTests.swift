import EventSourcing
import Testing

@Suite struct JSONWritingTests {
    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (0, "0"), (.integer(.min), "-9223372036854775808"),
            (1.5, "1.5"),
            (.number(1), "1.0"), (.number(1e21), "1000000000000000000000"), (.number(-2.5e-7), "-0.00000025"),
            (.number(-0.0), "0.0"), (.number(.infinity), "null"), (.number(.nan), "null"),
            ("", #""""#),
            ("a\"\\\n\t\u{1}\u{1F}/", #""a\"\\\n\u0009\u0001\u001f/""#), ("é😀\u{7F}", "\"é😀\u{7F}\""), ([], "[]"),
            ([1, nil], "[1,null]"),
            ([:], "{}"), (["b": 1, "a": ["c\"": [true]]], #"{"b":1,"a":{"c\"":[true]}}"#),
        ] as [(JSON, String)])
    func valuesAreWritten(value: JSON, expected: String) {
        #expect(value.text == expected)
    }

    @Test(
        arguments: [
            [
                "text": "\u{8}\u{C}\r\n\t\"\\ é 😀 \u{2028}", "number": 0.1, "small": .number(.leastNonzeroMagnitude),
                "big": .number(.greatestFiniteMagnitude),
            ],
            [[[[]], [:]], nil, false, .integer(.max)],
        ] as [JSON])
    func whatIsWrittenIsReadAgain(value: JSON) throws {
        #expect(try JSON.parse(value.bytes) == value)
    }

    @Test func absentMembersAreLeftOut() {
        #expect(JSON.members(["a": 1, "b": nil, "c": .null]).text == #"{"a":1,"c":null}"#)
    }

    @Test func valuesGiveWhatTheyAre() {
        let object: JSON = ["n": 1, "x": 1.5, "s": "t", "f": true, "a": [1], "o": [:]]
        #expect(object["n"]?.integer == 1)
        #expect(object["n"]?.number == 1.0)
        #expect(object["x"]?.integer == nil)
        #expect(object["x"]?.number == 1.5)
        #expect(object["s"]?.string == "t")
        #expect(object["s"]?.number == nil)
        #expect(object["f"]?.bool == true)
        #expect(object["a"]?.array == [1])
        #expect(object["o"]?.object == [:])
        #expect(object["a"]?["n"] == nil)
        #expect(object["missing"] == nil)
    }
}
