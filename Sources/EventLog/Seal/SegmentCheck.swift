import EventSourcing
import Transparency

/// Compares a segment's events with the hashes that were sealed, and takes up its hash.
struct SegmentCheck {
    private var leaves: LeafCheck
    private var hasher: SegmentHasher

    init(segment: Segment, leaves: [MerkleHash]) {
        self.leaves = LeafCheck(segment.positions, leaves)
        hasher = SegmentHasher(
            segment: segment.number, first: segment.first, last: segment.last, previousHash: segment.previousHash)
    }

    /// Whether this event and all before it are those that were sealed.
    mutating func matches(_ event: RecordedEvent) -> Bool { leaves.matches(event, hasher.add(event)) }

    /// The hash of the events that there are, and the first position at which there is not what was sealed.
    func finish() -> (hash: [UInt8], mismatch: Int64?) { (hasher.finalize(), leaves.firstMismatch) }
}
