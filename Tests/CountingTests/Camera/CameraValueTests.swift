import Counting
import EventSourcing
import Testing

@Suite struct CameraValueTests {
    @Test func idsBeginAtOne() throws {
        #expect(refusal { try CameraID(0) } == .outOfRange)
        #expect(refusal { try CameraID(-1) } == .outOfRange)
        #expect(try CameraID(1).stream == "camera-1")
        #expect(try CameraID(.max).telemetryStream == "telemetry-9223372036854775807")
    }

    @Test(
        arguments: [
            ("ab", nil), ("  a b\t", nil), ("a", InvalidValue.Code.tooShort), ("  a  ", .tooShort), ("", .tooShort),
            ("\n \u{A0}", .tooShort), ("a\u{0}b", .invalidCharacter), ("a\nb", .invalidCharacter),
            ("a\u{85}b", .invalidCharacter), ("Tür Ü", nil), (String(repeating: "é", count: 255), nil),
            (String(repeating: "é", count: 256), .tooLong),
        ] as [(String, InvalidValue.Code?)])
    func namesHaveTwoTo255Characters(text: String, expected: InvalidValue.Code?) {
        #expect(refusal { try CameraName(text) } == expected)
    }

    @Test func lengthCountsScalarsNotWhatTheyCombineTo() {
        let stacked = "a" + String(repeating: "\u{301}", count: 255)
        #expect(stacked.count == 1)
        #expect(refusal { try CameraName(stacked) } == .tooLong)
    }

    @Test func spaceAroundATextIsCutOff() throws {
        #expect(try CameraName(" \u{3000}Hall 1\n").text == "Hall 1")
        #expect(try Location("   ").text == "")
    }

    @Test func messagesNameTheRuleAndTheLength() {
        let expected = InvalidValue(.tooShort, "A camera's name has 2 to 255 characters; this has 1.")
        #expect(throws: expected) { try CameraName("x") }
    }

    @Test func locationsHaveUpTo500Characters() {
        #expect(refusal { try Location(String(repeating: "x", count: 500)) } == nil)
        #expect(refusal { try Location(String(repeating: "x", count: 501)) } == .tooLong)
    }

    @Test func notesHaveLinesAndUpTo10000Characters() throws {
        #expect(try CameraNotes("a\r\n\tb").text == "a\r\n\tb")
        #expect(refusal { try CameraNotes("a\u{1B}b") } == .invalidCharacter)
        #expect(refusal { try CameraNotes(String(repeating: "x", count: 10_000)) } == nil)
        #expect(refusal { try CameraNotes(String(repeating: "x", count: 10_001)) } == .tooLong)
    }

    @Test(
        arguments: [
            ("worker-1", nil), ("A.b_9", nil), ("", InvalidValue.Code.tooShort), ("a/b", .invalidCharacter),
            ("a b", .invalidCharacter), ("ä", .invalidCharacter), (String(repeating: "w", count: 100), nil),
            (String(repeating: "w", count: 101), .tooLong),
        ] as [(String, InvalidValue.Code?)])
    func workersAreNamedWithoutSurprises(text: String, expected: InvalidValue.Code?) {
        #expect(refusal { try WorkerID(text) } == expected)
    }

    @Test(arguments: ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/UTC", "Asia/Calcutta"])
    func timeZonesAreNamesOfTheDatabase(name: String) throws {
        #expect(try TimeZoneName(name).text == name)
    }

    @Test(arguments: [
        "", "Nowhere/Land", "GMT+2", "EST", "utc", "europe/berlin", "Europe/Berlin ", "../etc/passwd", "SystemV/EST5",
        "US/Pacific-New", "+02:00",
    ])
    func otherTimeZonesAreRefused(name: String) {
        #expect(refusal { try TimeZoneName(name) } == .unknownValue)
    }

    @Test func freeformObjectsAreBounded() throws {
        let envelope = #"{"k":""}"#.utf8.count
        let largest = JSON.string(String(repeating: "x", count: FreeformObject.maximumBytes - envelope))
        #expect(try FreeformObject(["k": largest]).json.bytes.count == 16_384)
        let larger = JSON.string(String(repeating: "x", count: FreeformObject.maximumBytes - envelope + 1))
        #expect(refusal { try FreeformObject(["k": larger]) } == .tooLarge)
    }

    @Test func numbersTakeTheirSpelling() throws {
        let many = JSON.array(Array(repeating: .number(JSONNumber(text: "1e308")), count: 2_700))
        #expect(refusal { try FreeformObject(["k": many]) } == nil)
        #expect(refusal { try FreeformObject(["k": many, "l": many]) } == .tooLarge)
    }

    /// What `numeric` cannot hold could not be looked for.
    @Test(arguments: [
        ("0e-16383", true), ("0e-16384", false), ("0.0e99999999999999999999", false), ("-0e-99999", false),
        ("1.5e-300", true), ("1.\(String(repeating: "5", count: 16_000))e-300", true),
        ("1.\(String(repeating: "5", count: 16_200))e-300", false),
        ("0.\(String(repeating: "0", count: 16_200))1e16200", true), ("1E+100", true),
    ])
    func numbersAreThoseThatTheDatabaseHolds(number: String, isHeld: Bool) throws {
        let members = try #require(JSON.parse(#"{"n":\#(number)}"#).object)
        #expect(refusal { try FreeformObject(members) } == (isHeld ? nil : .outOfRange))
    }

    @Test func freeformObjectsTakeTheOrderOfJSONBAndKeepTheirNumbers() throws {
        let sent =
            #"{"bb":1,"b":{"z":1,"y":[2E5,{"q":1,"p":-0}]},"aa":2.0,"a":2.50,"é":12345678901234567890.5,"c\n":1e308}"#
        let object = try FreeformObject(#require(JSON.parse(sent).object))
        #expect(
            object.json.text
                == #"{"a":2.50,"b":{"y":[2E5,{"p":-0,"q":1}],"z":1},"aa":2.0,"bb":1,"c\n":1e308,"é":12345678901234567890.5}"#
        )
        #expect(
            object.text
                == #"{"a": 2.50, "b": {"y": [2E5, {"p": -0, "q": 1}], "z": 1}, "aa": 2.0, "bb": 1, "c\n": 1e308, "é": 12345678901234567890.5}"#
        )
    }

    @Test(arguments: [
        ("1", true), ("1.50", true), ("12345678901234567890.5", true), ("0.0", true), ("-0.5", true), ("-0", false),
        ("-0.00", false), ("1e5", false), ("1E-5", false),
    ])
    func jsonbKeepsWhatIsPlain(number: String, isKept: Bool) throws {
        let object = try FreeformObject(#require(JSON.parse(#"{"a":[{"b":\#(number)}]}"#).object))
        #expect(object.isKeptByJSONB == isKept)
    }

    @Test func settingsKeepOnlyWhatWasGiven() {
        #expect(CameraSettings().json.text == "{}")
        #expect(CameraSettings(loop: false).json.text == #"{"loop":false}"#)
    }

    @Test(arguments: [(0.0, false), (-0.1, false), (1.0001, false), (.nan, false), (1e-9, true), (1, true)])
    func confidenceIsAboveZeroAndAtMostOne(value: Double, isAllowed: Bool) {
        #expect(refusal { try Confidence(value) } == (isAllowed ? nil : .outOfRange))
    }

    @Test func classesAreOneTo80() throws {
        let one = try ObjectClass("person")
        #expect(refusal { try ObjectClass(" ") } == .tooShort)
        #expect(refusal { try ObjectClasses([]) } == .tooShort)
        #expect(refusal { try ObjectClasses(Array(repeating: one, count: 80)) } == nil)
        #expect(refusal { try ObjectClasses(Array(repeating: one, count: 81)) } == .tooMany)
    }
}
