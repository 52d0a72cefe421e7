/// SQL as PostgreSQL's scanner tells its parts from each other: comments, quoted text and the rest
/// (https://www.postgresql.org/docs/15/sql-syntax-lexical.html). One pass over the text.
struct SQLText: Sendable {
    /// Its comments, each without its marks and the blanks around it, in their order.
    private(set) var comments: [String] = []
    /// The words that stand neither in comments nor in quotes: names and keywords, in lower case.
    private(set) var words: Set<String> = []
    /// Without comments, and with one blank where there were several, or line breaks. What is quoted stays as it is.
    var statement: String { String(decoding: output, as: UTF8.self) }

    private let text: [UInt8]
    private var position = 0
    private var output: [UInt8] = []

    init(_ text: String) {
        self.text = Array(text.utf8)
        output.reserveCapacity(self.text.count)
        while position < self.text.count { takePart() }
        if output.last == UInt8(ascii: " ") { output.removeLast() }
    }

    private mutating func takePart() {
        let byte = text[position]
        switch byte {
        case UInt8(ascii: "-") where has("--"): takeLineComment()
        case UInt8(ascii: "/") where has("/*"): takeBlockComment()
        case UInt8(ascii: "'"), UInt8(ascii: "\""): takeQuoted(byte)
        case UInt8(ascii: "$"): takeDollar()
        case _ where Self.isBlank(byte):
            position += 1
            separate()
        case _ where Self.isPartOfWord(byte): takeWord()
        default: keep(through: position + 1)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) }

    /// Letters beyond ASCII are letters to PostgreSQL too.
    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private func has(_ mark: StaticString) -> Bool {
        text[position...].prefix(mark.utf8CodeUnitCount)
            .elementsEqual(UnsafeBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount))
    }

    private mutating func keep(through end: Int) {
        output += text[position..<end]
        position = end
    }

    private mutating func separate() {
        if let last = output.last, last != UInt8(ascii: " ") { output.append(UInt8(ascii: " ")) }
    }

    private mutating func note(comment: ArraySlice<UInt8>) {
        var comment = comment.drop(while: Self.isBlank)
        while let last = comment.last, Self.isBlank(last) { comment.removeLast() }
        comments.append(String(decoding: comment, as: UTF8.self))
        separate()
    }

    private mutating func takeLineComment() {
        let end = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
        let comment = text[(position + 2)..<end]
        position = end
        note(comment: comment)
    }

    /// They may stand in each other.
    private mutating func takeBlockComment() {
        let begin = position + 2
        var depth = 0
        repeat {
            if has("/*") {
                depth += 1
                position += 2
            } else if has("*/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0 && position < text.count
        note(comment: text[begin..<max(begin, depth == 0 ? position - 2 : position)])
    }

    /// Up to the quote that ends it. A quote that is doubled begins the next part, which reads the same; a backslash
    /// escapes one where an E stands before the text.
    private mutating func takeQuoted(_ quote: UInt8) {
        let escapes = quote == UInt8(ascii: "'") && output.last.map { $0 | 0x20 } == UInt8(ascii: "e")
        var end = position + 1
        while end < text.count, text[end] != quote {
            end += escapes && text[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        keep(through: min(end + 1, text.count))
    }

    /// A text between two `$tag$`, or a parameter's `$`.
    private mutating func takeDollar() {
        var end = position + 1
        while end < text.count, Self.isPartOfWord(text[end]) { end += 1 }
        let isTag = end < text.count && text[end] == UInt8(ascii: "$")
        guard isTag, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position + 1]) else {
            return keep(through: position + 1)
        }
        let tag = text[position...end]
        var rest = end + 1
        while rest < text.count, !text[rest...].starts(with: tag) { rest += 1 }
        keep(through: min(rest + tag.count, text.count))
    }

    private mutating func takeWord() {
        var end = position
        while end < text.count, Self.isPartOfWord(text[end]) { end += 1 }
        words.insert(String(decoding: text[position..<end], as: UTF8.self).lowercased())
        keep(through: end)
    }
}
