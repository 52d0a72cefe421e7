import OpenTelemetry
import Testing

@Suite struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(
        arguments: [
            ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false), ("00-\(trace)-\(span)-03", true),
            ("cc-\(trace)-\(span)-01", true), ("cc-\(trace)-\(span)-01-what-comes-later", true),
        ])
    func parentIsRead(text: String, isSampled: Bool) throws {
        let context = try #require(TraceContext(parent: text))
        #expect(context.traceID == Self.trace && context.spanID == Self.span)
        #expect(context.isSampled == isSampled)
        #expect(context.parent == "00-\(Self.trace)-\(Self.span)-\(isSampled ? "01" : "00")")
    }

    @Test(
        arguments: [
            "", "00", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-more", "00-\(trace)-\(span)-0",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00-\(trace.uppercased())-\(span)-01", "00-\(trace.dropLast())-\(span)-01", "00-\(trace)-\(span)-zz",
            "00_\(trace)_\(span)_01", "cc-\(trace)-\(span)-01.more",
            "00-\(trace)-\(span)-01, 00-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01, cc-\(trace)-\(span)-01",
        ])
    func whatIsNoParentIsIgnored(text: String) { #expect(TraceContext(parent: text) == nil) }

    @Test func stateOfOtherProgramsIsKeptWithinABound() {
        func state(_ text: String) -> String? {
            TraceContext(parent: "00-\(Self.trace)-\(Self.span)-01", state: text)?.state
        }
        #expect(state("a=1,b=2") == "a=1,b=2")
        #expect(state(String(repeating: "a", count: 512)) != nil)
        #expect(state(String(repeating: "a", count: 513)) == nil)
        #expect(state("") == nil)
    }
}
