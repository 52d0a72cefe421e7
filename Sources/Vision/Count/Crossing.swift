/// An object went across a line.
package struct Crossing: Sendable, Hashable {
    package enum Direction: String, Sendable, Hashable {
        case `in`, out
    }

    package var line: String
    package var direction: Direction
    package var track: Int
    package var objectClass: DetectedClass
    /// The mean confidence with which the object was detected so far, 0 to 1.
    package var confidence: Double
}
