import EventSourcing
import Transparency

/// Compares events with the hashes that were sealed, one by one.
struct LeafCheck {
    private let positions: ClosedRange<Int64>
    private let leaves: [MerkleHash]
    private var expected: Int64
    private var mismatch: Int64?

    /// - Parameter leaves: a hash for each position.
    init(_ positions: ClosedRange<Int64>, _ leaves: [MerkleHash]) {
        self.positions = positions
        self.leaves = leaves
        expected = positions.lowerBound
    }

    /// Whether this event and all before it are those that were sealed.
    mutating func matches(_ event: RecordedEvent, _ hash: MerkleHash) -> Bool {
        guard mismatch == nil else { return false }
        guard event.position == expected, positions.contains(expected),
            hash == leaves[Int(expected - positions.lowerBound)]
        else {
            mismatch = expected
            return false
        }
        expected += 1
        return true
    }

    /// The first position at which there is not what was sealed; nil where all are right.
    var firstMismatch: Int64? { mismatch ?? (expected == positions.upperBound + 1 ? nil : expected) }
}
