/// SQL as PostgreSQL's scanner tells its parts from each other: comments, quoted text and the rest
/// (https://www.postgresql.org/docs/15/sql-syntax-lexical.html).
struct SQLText {
    /// Its comments, each without its marks and the blanks around it, in their order.
    private(set) var comments: [String] = []
    /// Without comments, and with one blank where there were several, or line breaks. What is quoted stays as it is.
    private(set) var statement = ""
    /// The words that stand neither in comments nor in quotes: names and keywords, in lower case.
    private(set) var words: Set<String> = []

    private var rest: Substring

    init(_ text: String) {
        rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("--") {
                take(comment: rest.prefix { $0 != "\n" }.dropFirst(2))
            } else if rest.hasPrefix("/*") {
                takeBlockComment()
            } else if character == "'" || character == "\"" {
                takeQuoted(character)
            } else if let tag = rest.prefixMatch(of: /\$([A-Za-z_][A-Za-z0-9_]*)?\$/)?.output.0 {
                takeDollarQuoted(tag)
            } else if character.isWhitespace {
                rest.removeFirst()
                separate()
            } else if Self.isPartOfWord(character) {
                takeWord()
            } else {
                statement.append(rest.removeFirst())
            }
        }
        if statement.last == " " { statement.removeLast() }
    }

    private static func isPartOfWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    private mutating func separate() {
        if let last = statement.last, last != " " { statement.append(" ") }
    }

    private mutating func take(comment: Substring) {
        comments.append(String(comment.trimmingPrefix(while: \.isWhitespace)).trimmingSuffix())
        rest = rest[comment.endIndex...]
        separate()
    }

    /// They may stand in each other.
    private mutating func takeBlockComment() {
        var depth = 0
        let begin = rest.startIndex
        repeat {
            if rest.hasPrefix("/*") {
                depth += 1
                rest.removeFirst(2)
            } else if rest.hasPrefix("*/") {
                depth -= 1
                rest.removeFirst(2)
            } else {
                rest.removeFirst()
            }
        } while depth > 0 && !rest.isEmpty
        let text = rest.base[begin..<rest.startIndex].dropFirst(2)
        comments.append(
            String((depth == 0 ? text.dropLast(2) : text).trimmingPrefix(while: \.isWhitespace)).trimmingSuffix())
        separate()
    }

    /// Up to the quote that ends it. A quote that is doubled begins the next part, which reads the same; a backslash
    /// escapes one where an E stands before the text.
    private mutating func takeQuoted(_ quote: Character) {
        let escapes = quote == "'" && statement.last.map { $0 == "e" || $0 == "E" } == true
        statement.append(rest.removeFirst())
        while let character = rest.popFirst() {
            statement.append(character)
            if character == quote { return }
            if escapes, character == "\\", let escaped = rest.popFirst() { statement.append(escaped) }
        }
    }

    private mutating func takeDollarQuoted(_ tag: Substring) {
        let inside = rest.dropFirst(tag.count)
        let end = inside.firstRange(of: tag)?.upperBound ?? rest.endIndex
        statement.append(contentsOf: rest[..<end])
        rest = rest[end...]
    }

    private mutating func takeWord() {
        let word = rest.prefix(while: Self.isPartOfWord)
        words.insert(word.lowercased())
        statement.append(contentsOf: word)
        rest = rest[word.endIndex...]
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String {
        String(self[..<(lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? startIndex)])
    }
}
