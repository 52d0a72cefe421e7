import Foundation

/// A text that is told from others by its UTF-8, as the database tells texts apart.
///
/// `String` goes by canonical equivalence instead: to it `é` is the same whether it is one scalar or two, and a run of
/// combining marks takes time with the square of its length. So whatever came from outside, and decides something, is
/// compared and hashed as this.
package struct ExactText: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    package static func == (left: ExactText, right: ExactText) -> Bool { left.text.isExactly(right.text) }

    package func hash(into hasher: inout Hasher) { text.hashExactly(into: &hasher) }
}

extension CaseIterable where Self: RawRepresentable<String> {
    /// The case whose raw value has the same UTF-8: `init(rawValue:)` compares by canonical equivalence.
    package init?(exactly name: String) {
        guard let choice = Self.allCases.first(where: { $0.rawValue.isExactly(name) }) else { return nil }
        self = choice
    }
}

extension String {
    /// Whether both have the same UTF-8.
    package func isExactly(_ other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Whether the UTF-8 begins with that of the other.
    package func beginsExactly(with other: String) -> Bool { utf8.starts(with: other.utf8) }

    /// The parts between these ASCII characters, empty ones too.
    package func parts(between separator: Unicode.Scalar) -> [Substring] {
        utf8.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false).map(Substring.init)
    }

    /// Hashes the UTF-8, for types whose `==` goes by it.
    package func hashExactly(into hasher: inout Hasher) {
        let isHashed: Void? = utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { for byte in utf8 { hasher.combine(byte) } }
        hasher.combine(utf8.count)
    }

    /// The text in NFC (Unicode's UAX #15), in which names are kept and looked for. Bound its length first.
    package var inNormalForm: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }
}
