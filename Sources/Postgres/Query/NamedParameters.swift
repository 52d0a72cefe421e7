/// SQL with `:name` for its parameters, and the same with `$1`, `$2` …
///
/// A name begins with a letter and follows what is no part of a word, so `::` and the bounds of an array's slice
/// (`a[first:last]`) are none. Texts in quotes, bodies in `$$` and comments are left as they are.
struct NamedParameters {
    var sql: String { String(decoding: output, as: UTF8.self) }
    /// In the order in which they occur first; the first one is `$1`.
    private(set) var names: [String] = []

    private let text: [UInt8]
    private var position = 0
    private var output: [UInt8] = []

    init(in text: String) {
        self.text = Array(text.utf8)
        output.reserveCapacity(self.text.count)
        while position < self.text.count { takePart() }
    }

    private mutating func takePart() {
        switch text[position] {
        case UInt8(ascii: "'"): copy(to: end(of: [UInt8(ascii: "'")], from: position + 1))
        case UInt8(ascii: "\""): copy(to: end(of: [UInt8(ascii: "\"")], from: position + 1))
        case UInt8(ascii: "-") where next == UInt8(ascii: "-"):
            copy(to: end(of: [UInt8(ascii: "\n")], from: position))
        case UInt8(ascii: "$") where next == UInt8(ascii: "$"):
            copy(to: end(of: [UInt8(ascii: "$"), UInt8(ascii: "$")], from: position + 2))
        case UInt8(ascii: ":") where next == UInt8(ascii: ":"): copy(to: position + 2)
        case UInt8(ascii: ":") where next.isLetter && !(position > 0 && text[position - 1].endsOperand): takeName()
        default: copy(to: position + 1)
        }
    }

    private var next: UInt8 { position + 1 < text.count ? text[position + 1] : 0 }

    private mutating func takeName() {
        let bytes = text[(position + 1)...].prefix { $0.isLetter || $0.isDigit }
        position += 1 + bytes.count
        let name = String(decoding: bytes, as: UTF8.self)
        let number: Int
        if let index = names.firstIndex(of: name) {
            number = index + 1
        } else {
            names.append(name)
            number = names.count
        }
        output.append(contentsOf: "$\(number)".utf8)
    }

    private mutating func copy(to end: Int) {
        output.append(contentsOf: text[position..<end])
        position = end
    }

    /// Where the part ends that `closing` closes, looked for from `start` on.
    private func end(of closing: [UInt8], from start: Int) -> Int {
        var place = start
        while place + closing.count <= text.count {
            if text[place..<place + closing.count].elementsEqual(closing) { return place + closing.count }
            place += 1
        }
        return text.count
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || self == UInt8(ascii: "_")
    }

    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var endsOperand: Bool {
        isLetter || isDigit || self == UInt8(ascii: "]") || self == UInt8(ascii: ")")
    }
}
