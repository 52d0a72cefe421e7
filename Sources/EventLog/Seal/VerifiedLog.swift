import EventSourcing

/// What was found to be right so far, counted event by event.
struct VerifiedLog {
    let head: Int64
    /// The last one that was found to be right.
    var position: Int64 = 0
    var segments: Int64 = 0
    var hash = SegmentHasher.origin
    private var recordedAt = Timestamp(microseconds: .min)
    /// The last version of each stream so far.
    var versions: [StreamName: Int64] = [:]

    /// The kinds of events so far.
    var kinds: [Verifier.Kind: Verifier.Kind.Events] = [:]

    /// By the last position of each.
    private let jumps: [Int64: ClockJump]

    init(head: Int64, jumps: [ClockJump]) {
        self.head = head
        self.jumps = Dictionary(jumps.map { ($0.positions.upperBound, $0) }) { _, last in last }
    }

    mutating func count(_ event: RecordedEvent) throws {
        position = event.position
        let isRight = event.recordedAt >= jumps[position - 1]?.endedAt ?? recordedAt
        guard isRight else { throw Verifier.Finding.time(position: position) }
        recordedAt = event.recordedAt
        let expected = versions[event.stream, default: 0] + 1
        guard event.version == expected else {
            throw Verifier.Finding.version(
                position: event.position, stream: event.stream.rawValue, expected: expected, actual: event.version)
        }
        versions[event.stream] = expected
        let kind = Verifier.Kind(type: event.type, schemaVersion: event.schemaVersion)
        kinds[kind, default: Verifier.Kind.Events(firstPosition: position, stream: event.stream.rawValue)].count += 1
    }
}
