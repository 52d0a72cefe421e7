import EventSourcing

/// Compares a segment's events with its digests, one by one.
struct SegmentCheck {
    private let digests: [UInt8]
    private let last: Int64
    private var expected: Int64
    private var mismatch: Int64?
    private var hasher: SegmentHasher

    init(segment: Segment, digests: [UInt8]) {
        self.digests = digests
        expected = segment.first
        last = segment.last
        hasher = SegmentHasher(
            segment: segment.number, first: segment.first, last: segment.last, previousHash: segment.previousHash)
    }

    /// Whether this event and all before it are those that were sealed, as far as their digests tell.
    mutating func matches(_ event: RecordedEvent) -> Bool {
        let start = hasher.digests.count
        let digest = hasher.add(event)
        guard mismatch == nil else { return false }
        guard event.position == expected,
            digest.elementsEqual(digests.dropFirst(start).prefix(SegmentHasher.keptDigestBytes))
        else {
            mismatch = expected
            return false
        }
        expected += 1
        return true
    }

    /// The hash of the events that there are, and the first position that does not have its digest.
    func finish() -> (hash: [UInt8], mismatch: Int64?) {
        (hasher.finalize(), mismatch ?? (expected == last + 1 ? nil : expected))
    }
}
