/// What the reader of a JSON document takes, and no more: each limit is looked at before the work that it bounds.
package struct JSONLimits: Sendable {
    /// Levels of arrays and objects, the value itself among them. Deeper nesting would exhaust the stack.
    package var depth: Int
    /// Of one member's name, in UTF-8.
    package var nameBytes: Int
    /// All values in the document, those in arrays and objects and these themselves counted.
    package var values: Int
    /// Whether a number is an error that would be kept as a quite different one: an integer that 64 bits do not hold, and
    /// what is so small that it would become 0. Otherwise it is a `number`.
    package var hasExactNumbers: Bool

    package init(depth: Int = 64, nameBytes: Int = .max, values: Int = .max, hasExactNumbers: Bool = false) {
        self.depth = depth
        self.nameBytes = nameBytes
        self.values = values
        self.hasExactNumbers = hasExactNumbers
    }

    /// Of documents that this system has written itself.
    package static let stored = JSONLimits()

    /// Of documents that strangers send. A full batch of reports, the largest document that is of use, has a fifth of
    /// these values.
    package static let foreign = JSONLimits(nameBytes: 256, values: 100_000)
}
