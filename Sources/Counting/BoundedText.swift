import EventSourcing

/// A text of bounded length without control characters; white space around it is cut off, and it is brought to NFC. Two of
/// a kind are the same where their UTF-8 is, as in the database.
package protocol BoundedText: Hashable, StoredValue, CustomStringConvertible {
    /// What the text is, as a message about it begins: `A camera's name`.
    static var subject: String { get }
    /// Allowed lengths in Unicode scalars, which is what PostgreSQL's `char_length` counts. White space around the text
    /// counts towards the most, so that a bound on what is sent says it too, and not towards the least.
    static var lengths: ClosedRange<Int> { get }
    /// Whether line breaks and tabs may stand in it.
    static var allowsLineBreaks: Bool { get }

    var text: String { get }

    /// Takes a text out of the log as it is, perhaps not in NFC: a rule that was tightened since leaves what is stored readable.
    /// As a function `CameraName.init` means this one; the rules are in `CameraName.init(_:)`.
    init(stored text: String)
}

extension BoundedText {
    package static var allowsLineBreaks: Bool { false }

    package var description: String { text }

    package init(_ text: String) throws(InvalidValue) {
        // What readings and heartbeats hold, by the thousand.
        if Self.lengths.contains(text.utf8.count), text.isPlain {
            self.init(stored: text)
            return
        }
        let scalars = text.unicodeScalars
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let first = scalars.firstIndex { !isSpace($0) } ?? scalars.endIndex
        let end = scalars.lastIndex { !isSpace($0) }.map(scalars.index(after:)) ?? first
        let trimmed = scalars[first..<end]
        for scalar in trimmed where scalar.properties.generalCategory == .control {
            if Self.allowsLineBreaks, scalar == "\n" || scalar == "\r" || scalar == "\t" { continue }
            throw InvalidValue(.invalidCharacter, "\(Self.subject) holds no control characters.")
        }
        try Self.check(scalars.count > Self.lengths.upperBound ? scalars.count : trimmed.count)
        // Some characters become several, most that were several one.
        let normal = String(trimmed).inNormalForm
        try Self.check(normal.unicodeScalars.count)
        self.init(stored: normal)
    }

    private static func check(_ length: Int) throws(InvalidValue) {
        guard lengths.contains(length) else {
            throw InvalidValue(
                length < lengths.lowerBound ? .tooShort : .tooLong,
                "\(subject) has \(lengths.lowerBound) to \(lengths.upperBound) characters; this has \(length).")
        }
    }

    /// The same in NFC, in which texts that were stored by earlier releases may not be.
    package var inNormalForm: Self { Self(stored: text.inNormalForm) }

    package static func == (left: Self, right: Self) -> Bool { left.text.isExactly(right.text) }

    package func hash(into hasher: inout Hasher) { text.hashExactly(into: &hasher) }
}

extension String {
    /// Whether this is printable ASCII, of which no rule takes anything away: without a space at either end.
    fileprivate var isPlain: Bool {
        utf8.first != UInt8(ascii: " ") && utf8.last != UInt8(ascii: " ")
            && utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
