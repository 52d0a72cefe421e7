/// The name under which a worker asks for its assignments.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    /// The worker of an installation that has only one.
    package static let `default` = WorkerID(stored: "worker-1")

    package static let lengths = 1...100
    /// Of the names under which a worker numbers what it sends: its id, and behind that what tells one run from another.
    package static let sourceLengths = 1...150

    package let text: String

    package init(_ text: String) throws(InvalidValue) {
        guard Self.lengths.contains(text.unicodeScalars.count) else {
            throw InvalidValue(text.isEmpty ? .tooShort : .tooLong, "A worker's id has 1 to 100 characters.")
        }
        let isAllowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard text.utf8.allSatisfy(isAllowed) else {
            throw InvalidValue(.invalidCharacter, "A worker's id holds only letters and digits of ASCII and . _ -")
        }
        self.text = text
    }

    /// Takes an id out of the log as it is.
    init(stored text: String) { self.text = text }

    package var description: String { text }
}
