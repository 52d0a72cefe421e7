import Tracing

/// A place in a trace that spans several programs (W3C Trace Context, level 1): a span, and the trace that it belongs to.
package struct TraceContext: Hashable, Sendable {
    /// Not 0.
    package let trace: UInt128
    /// Not 0.
    package let span: UInt64
    /// Whether who began the trace, or passed it on, records it.
    package let isSampled: Bool
    /// What other programs' tracing keeps with the trace (`tracestate`): passed on as it came.
    package let state: String?

    package init(trace: UInt128, span: UInt64, isSampled: Bool, state: String? = nil) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
        self.state = state
    }

    /// The span that a `traceparent` header names; nil where it is not valid, which the standard has ignored then.
    /// - Parameter state: the `tracestate` header. What is longer than the 512 characters that the standard has passed on is
    ///   dropped.
    package init?(parent: String, state: String? = nil) {
        let text = Array(parent.utf8.prefix(56))
        let hyphen = UInt8(ascii: "-")
        guard text.count >= 55, text[2] == hyphen, text[35] == hyphen, text[52] == hyphen,
            let version = UInt8(hex: text[0..<2]), let trace = UInt128(hex: text[3..<35]),
            let span = UInt64(hex: text[36..<52]), let flags = UInt8(hex: text[53..<55])
        else { return nil }
        // Version 00 ends here; a later one may go on after a hyphen. ff is no version.
        guard text.count == 55 || version != 0 && text[55] == hyphen, version != 0xFF, trace != 0, span != 0 else {
            return nil
        }
        let isKept = state.map { !$0.isEmpty && $0.utf8.count <= 512 } ?? false
        self.init(trace: trace, span: span, isSampled: flags & 1 == 1, state: isKept ? state : nil)
    }

    /// As `traceparent` has it.
    package var parent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    /// 32 hexadecimal digits.
    package var traceID: String { trace.hex }

    /// 16 hexadecimal digits.
    package var spanID: String { span.hex }
}

extension ServiceContext {
    private enum TraceKey: ServiceContextKey {
        typealias Value = TraceContext
    }

    /// The span that is under way; nil outside of traces.
    package var trace: TraceContext? {
        get { self[TraceKey.self] }
        set { self[TraceKey.self] = newValue }
    }
}

extension FixedWidthInteger {
    /// Of digits in lower case, which is all that the standard allows.
    fileprivate init?(hex digits: ArraySlice<UInt8>) {
        self = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): self = self << 4 | Self(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): self = self << 4 | Self(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
    }

    /// All of its digits.
    fileprivate var hex: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.utf8.count) + digits
    }
}
