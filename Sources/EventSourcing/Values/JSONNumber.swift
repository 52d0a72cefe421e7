/// A JSON number that is no whole number within 64 bits, in the spelling in which it was sent: `1.50`, `1E5`, `-0`.
///
/// Two numbers are equal where the nearest `Double` is the same; their texts tell whether they are written alike.
package struct JSONNumber: Sendable {
    /// As RFC 8259 has it; within the range of `Double`.
    package let text: String

    /// - Parameter text: a JSON number, which is not checked here.
    package init(text: String) { self.text = text }

    /// - Parameter value: finite.
    init(_ value: Double) { text = value.plainDecimal }

    package var value: Double { Double(text) ?? .nan }

    /// Whether it is written as PostgreSQL's `numeric` writes it, which knows no exponent and no negative zero.
    package var isPlainDecimal: Bool {
        let digits = text.utf8
        if digits.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) { return false }
        return digits.first != UInt8(ascii: "-") || value != 0
    }

    /// Whether `numeric` holds it: at most 16,383 digits after the point, and an exponent of as many digits as there is
    /// use for.
    package var fitsNumeric: Bool {
        let parts = text.utf8.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        let fraction = parts[0].firstIndex(of: UInt8(ascii: ".")).map { parts[0].suffix(from: $0).count - 1 } ?? 0
        guard parts.count > 1 else { return fraction <= Self.greatestScale }
        guard let exponent = Int(String(decoding: parts[1], as: UTF8.self)), abs(exponent) <= 100_000 else {
            return false
        }
        return fraction - exponent <= Self.greatestScale
    }

    /// `NUMERIC_MAX_DISPLAY_SCALE` in a number that was typed: the field of its scale has 14 bits.
    private static let greatestScale = 16_383
}

extension JSONNumber: Hashable {
    package static func == (left: JSONNumber, right: JSONNumber) -> Bool { left.value == right.value }

    package func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

extension Double {
    /// The shortest decimal that reads back as this number, as `numeric` writes it: no exponent and no negative zero.
    fileprivate var plainDecimal: String {
        if self == 0 { return "0.0" }
        let text = "\(magnitude)"
        let sign = self < 0 ? "-" : ""
        guard let e = text.utf8.firstIndex(of: UInt8(ascii: "e")), let exponent = Int(text[text.index(after: e)...])
        else {
            return sign + text
        }
        let parts = text[..<e].split(separator: ".")
        let (whole, fraction) = (parts[0], parts.count > 1 ? parts[1] : "")
        let digits: String
        if exponent >= 0 {
            let shifted = fraction.prefix(exponent)
            let zeros = String(repeating: "0", count: exponent - shifted.count)
            let rest = fraction.dropFirst(exponent)
            digits = whole + shifted + zeros + (rest.isEmpty ? "" : "." + rest)
        } else {
            digits = "0." + String(repeating: "0", count: -exponent - whole.count) + whole + fraction
        }
        return sign + digits
    }
}
