import EventSourcing
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-03-29T00:30:00Z", 1_774_744_200_000_000),
            ("2000-02-29T23:59:59.999999Z", 951_868_799_999_999), ("1969-12-31T23:59:59.999999Z", -1),
            ("1969-12-31T00:00:00Z", -86_400_000_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("2024-12-31T12:00:00.000001Z", 1_735_646_400_000_001),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
        ] as [(String, Int64)])
    func textAndInstantAreTheSame(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test(arguments: [
        ("2026-03-29T02:30:00+02:00", "2026-03-29T00:30:00Z"), ("2026-03-28T19:00:00-05:30", "2026-03-29T00:30:00Z"),
        ("2026-03-29t00:30:00z", "2026-03-29T00:30:00Z"), ("2026-03-29 00:30:00Z", "2026-03-29T00:30:00Z"),
        ("2026-03-29T00:30:00-00:00", "2026-03-29T00:30:00Z"),
        ("2026-03-29T00:30:00.5Z", "2026-03-29T00:30:00.500000Z"),
        ("2026-03-29T00:30:00.1234567Z", "2026-03-29T00:30:00.123456Z"),
        ("2026-03-29T00:30:00.000Z", "2026-03-29T00:30:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ])
    func offsetsAndFractionsAreRead(text: String, expected: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == expected)
    }

    @Test(arguments: [
        "", "2026", "2026-03-29", "2026-03-29T00:30:00", "2026-03-29T00:30Z", "2026-3-29T00:30:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+2:00",
        "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00Z ",
        " 2026-01-01T00:00:00Z", "-026-01-01T00:00:00Z", "+2026-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
        "２０２６-01-01T00:00:00Z", "2026-01-01T00:00:00Zulu", "2026-01-01X00:00:00Z",
    ])
    func otherTextIsRefused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        for day in stride(from: Int64(-146_097), through: 146_097, by: 13) {
            let instant = Timestamp(microseconds: day * 86_400_000_000)
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
        }
    }

    @Test func durationsMoveInstants() {
        let instant = Timestamp(microseconds: 1_000_000)
        #expect((instant + .milliseconds(1500)).microseconds == 2_500_000)
        #expect((instant - .seconds(2)).microseconds == -1_000_000)
        #expect(instant - (instant + .microseconds(7)) == .microseconds(-7))
        #expect(instant < instant + .microseconds(1))
    }
}
