import Foundation

/// The place of a request in a trace that spans several programs (W3C Trace Context, `traceparent`).
struct TraceContext: Hashable, Sendable {
    /// 32 hexadecimal digits.
    let traceID: String
    /// What the server does for the request, a new one each time: 16 hexadecimal digits.
    let spanID: String

    /// Nil where the header is not there or not valid; the standard has it ignored then.
    /// - Parameter values: of all headers of that name.
    init?(_ values: [String], makeSpanID: () -> UInt64 = { UInt64.random(in: 1 ... .max) }) {
        guard values.count == 1 else { return nil }
        let text = Array(values[0].utf8)
        guard text.count >= 55, text[2] == UInt8(ascii: "-"), text[35] == UInt8(ascii: "-"),
            text[52] == UInt8(ascii: "-")
        else { return nil }
        let (version, trace, parent, flags) = (text[0..<2], text[3..<35], text[36..<52], text[53..<55])
        guard [version, trace, parent, flags].allSatisfy({ $0.allSatisfy(Self.isHexDigit) }) else { return nil }
        // Version 00 ends here; a later one may go on after a hyphen. ff is no version.
        let isEnded = text.count == 55
        let isFirst = version.elementsEqual("00".utf8)
        guard isEnded || (!isFirst && text[55] == UInt8(ascii: "-")), !version.elementsEqual("ff".utf8) else {
            return nil
        }
        let zero = UInt8(ascii: "0")
        guard trace.contains(where: { $0 != zero }), parent.contains(where: { $0 != zero }) else { return nil }
        traceID = String(decoding: trace, as: UTF8.self)
        let span = String(makeSpanID(), radix: 16)
        spanID = String(repeating: "0", count: 16 - span.count) + span
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
