import EventSourcing
import Logging
import Postgres

/// Proves that the log is complete and unaltered, as far as it is sealed, and complete beyond.
///
/// Recomputes every segment, from partitions and from archived files, checks the chain of hashes, that positions and
/// the versions of each stream run without a gap, and that nothing lies beyond the head. Whoever could alter the events
/// could alter the seals after them: that is told apart only by a hash that was kept elsewhere, see `anchors`.
/// Appends may go on meanwhile. Memory is bounded by one archived segment and a number for each stream.
package struct Verifier: Sendable {
    /// What is wrong, at the first position where something is.
    package enum Finding: Error, Equatable, CustomStringConvertible {
        /// Segment: nil where it is not sealed.
        case altered(position: Int64, segment: Int64?)
        case removed(position: Int64, segment: Int64?)
        case inserted(position: Int64, segment: Int64?)
        /// The events fit their digests, but not the segment's hash or its place in the chain.
        case seal(segment: Int64, reason: String)
        /// Recorded before the event before it, which the log does not do.
        case time(position: Int64)
        case version(position: Int64, stream: String, expected: Int64, actual: Int64)
        case stream(name: String, recorded: Int64, actual: Int64)
        case file(BadSegmentFile)

        package static func == (left: Finding, right: Finding) -> Bool { left.description == right.description }

        package var description: String {
            switch self {
            case .altered(let position, let segment):
                "the event at position \(position) was altered" + Self.where(segment)
            case .removed(let position, let segment):
                "the event at position \(position) was removed" + Self.where(segment)
            case .inserted(let position, let segment):
                "the event at position \(position) was inserted" + Self.where(segment)
            case .seal(let segment, let reason): "the seal of segment \(segment) was altered: \(reason)"
            case .time(let position): "the event at position \(position) was recorded before the one before it"
            case .version(let position, let stream, let expected, let actual):
                "the event at position \(position) has version \(actual) of stream \(stream), not \(expected): "
                    + "an event of the stream was removed or inserted"
            case .stream(let name, let recorded, let actual):
                "stream \(name) should be at version \(recorded), but its events end at \(actual)"
            case .file(let file): file.description
            }
        }

        private static func `where`(_ segment: Int64?) -> String {
            segment.map { " after segment \($0) was sealed" } ?? ""
        }
    }

    package struct Summary: Equatable, Sendable {
        package let events: Int64
        package let segments: Int64
        package let archivedTo: Int64
        /// Of the last segment; nil where none is sealed.
        package let lastHash: [UInt8]?
        /// How many events at the end are not sealed yet.
        package let unsealed: Int64
    }

    package struct Progress: Sendable {
        package let position: Int64
        package let head: Int64
    }

    private static let segmentsPerQuery = 20

    private let target: ConnectionTarget
    private let anchors: [Int64: [UInt8]]
    private let logger: Logger

    /// - Parameter anchors: hashes of segments that were kept elsewhere, by number.
    package init(on target: ConnectionTarget, anchors: [Int64: [UInt8]] = [:], logger: Logger) {
        self.target = target.named("footfall verify", requestTimeout: nil)
        self.anchors = anchors
        self.logger = logger
    }

    /// Throws the first `Finding`.
    package func run(onProgress: @Sendable (Progress) -> Void = { _ in }) async throws -> Summary {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        var state = State(head: try await ArchivedEvents(on: connection).ends().head)
        try await checkSegments(&state, on: connection, onProgress: onProgress)
        for (number, _) in anchors where number > state.segments {
            throw Finding.seal(segment: number, reason: "it is gone, but its hash was kept elsewhere")
        }
        let sealedTo = state.position
        try await checkTail(&state, on: connection, onProgress: onProgress)
        try await checkStreams(&state, on: connection)
        try await checkBounds(on: connection)
        return Summary(
            events: state.position, segments: state.segments,
            archivedTo: try await ArchivedEvents(on: connection).ends().archivedTo,
            lastHash: state.segments == 0 ? nil : state.hash, unsealed: state.position - sealedTo)
    }

    private struct State {
        let head: Int64
        /// The last one that was found to be right.
        var position: Int64 = 0
        var segments: Int64 = 0
        var hash = SegmentHasher.origin
        private var recordedAt = Timestamp(microseconds: .min)
        /// The last version of each stream so far.
        var versions: [StreamName: Int64] = [:]

        init(head: Int64) { self.head = head }

        mutating func count(_ event: RecordedEvent) throws {
            position = event.position
            guard event.recordedAt >= recordedAt else { throw Finding.time(position: position) }
            recordedAt = event.recordedAt
            let expected = versions[event.stream, default: 0] + 1
            guard event.version == expected else {
                throw Finding.version(
                    position: event.position, stream: event.stream.rawValue, expected: expected, actual: event.version)
            }
            versions[event.stream] = expected
        }
    }

    private func checkSegments(
        _ state: inout State, on connection: Connection, onProgress: (Progress) -> Void
    ) async throws {
        while true {
            let rows = try await Segment.after(state.segments, limit: Self.segmentsPerQuery, on: connection)
            if rows.isEmpty { return }
            for segment in rows {
                try await check(segment, &state, on: connection)
                onProgress(Progress(position: state.position, head: state.head))
            }
        }
    }

    private func check(_ segment: Segment, _ state: inout State, on connection: Connection) async throws {
        guard segment.number == state.segments + 1 else {
            throw Finding.seal(segment: state.segments + 1, reason: "it is gone")
        }
        guard segment.first == state.position + 1, segment.last >= segment.first else {
            throw Finding.seal(segment: segment.number, reason: "it does not begin at position \(state.position + 1)")
        }
        let digests = try await connection.query(
            "select digests from segments where segment = $1", [.integer(segment.number)])[0].bytes(0)
        guard digests.count == segment.count * SegmentHasher.keptDigestBytes else {
            throw Finding.seal(segment: segment.number, reason: "it does not have a digest for each event")
        }
        guard segment.previousHash == state.hash else {
            throw Finding.seal(
                segment: segment.number, reason: "it does not name the hash of the segment before it")
        }

        var check = SegmentCheck(segment: segment, digests: digests)
        try await forEachEvent(of: segment, on: connection) { event in
            if check.matches(event) { try state.count(event) }
        }
        let (hash, mismatch) = check.finish()
        switch (mismatch, hash == segment.hash) {
        case (nil, true): break
        case (let position?, false):
            throw try await finding(at: position, of: segment, digests: digests, on: connection)
        case (let position?, true):
            throw Finding.seal(segment: segment.number, reason: "the digest of position \(position) is another")
        case (nil, false):
            throw Finding.seal(
                segment: segment.number,
                reason: "the events at positions \(segment.first) to \(segment.last) have the hash "
                    + "\(hash.hexadecimal), not \(segment.hash.hexadecimal)")
        }
        if let anchor = anchors[segment.number], anchor != hash {
            throw Finding.seal(
                segment: segment.number,
                reason: "its hash is \(hash.hexadecimal), but \(anchor.hexadecimal) was kept elsewhere")
        }
        state.segments = segment.number
        state.hash = hash
    }

    private func forEachEvent(
        of segment: Segment, on connection: Connection, _ body: (RecordedEvent) throws -> Void
    ) async throws {
        do {
            try await connection.transaction {
                let archive = ArchivedEvents(on: connection)
                try await archive.holdPartitions()
                if segment.last <= (try await archive.ends().archivedTo) {
                    for event in try await ArchivedSegments.events(of: segment) { try body(event) }
                } else {
                    try await StoredEvents(connection: connection).forEach(in: segment.positions, body)
                }
            }
        } catch let error as BadSegmentFile {
            throw Finding.file(error)
        } catch let error as UnreadableEvent {
            throw Finding.altered(position: error.position, segment: segment.number)
        }
    }

    /// What happened at the first position that does not have its digest. Tells a row that was taken away or put in,
    /// with those after it renumbered, from one that was altered in its place.
    private func finding(
        at position: Int64, of segment: Segment, digests: [UInt8], on connection: Connection
    ) async throws -> Finding {
        var events: [RecordedEvent] = []
        try await StoredEvents(connection: connection).forEach(in: position...(position + 1)) { events.append($0) }
        guard let event = events.first, event.position == position else {
            return .removed(position: position, segment: segment.number)
        }
        func digest(_ event: RecordedEvent) -> ArraySlice<UInt8> {
            var hasher = SegmentHasher(segment: 0, first: 0, last: 0, previousHash: [])
            return hasher.add(event)
        }
        func sealed(_ position: Int64) -> ArraySlice<UInt8> {
            let start = Int(position - segment.first) * SegmentHasher.keptDigestBytes
            return digests.dropFirst(start).prefix(SegmentHasher.keptDigestBytes)
        }
        if position < segment.last, digest(event.moved(to: position + 1)) == sealed(position + 1) {
            return .removed(position: position, segment: segment.number)
        }
        if events.count == 2, digest(events[1].moved(to: position)) == sealed(position) {
            return .inserted(position: position, segment: segment.number)
        }
        return .altered(position: position, segment: segment.number)
    }

    private func checkTail(
        _ state: inout State, on connection: Connection, onProgress: (Progress) -> Void
    ) async throws {
        guard state.position <= state.head else { throw Finding.removed(position: state.head + 1, segment: nil) }
        let head = state.head
        try await countTail(&state, to: head, on: connection) { onProgress(Progress(position: $0, head: head)) }
    }

    private func countTail(
        _ state: inout State, to head: Int64, on connection: Connection, onProgress: (Int64) -> Void = { _ in }
    ) async throws {
        guard state.position < head else { return }
        var counted = state
        do {
            try await StoredEvents(connection: connection).forEach(in: (state.position + 1)...head) { event in
                guard event.position == counted.position + 1 else {
                    throw Finding.removed(position: counted.position + 1, segment: nil)
                }
                try counted.count(event)
                if event.position.isMultiple(of: 10_000) { onProgress(event.position) }
            }
        } catch let error as UnreadableEvent {
            throw Finding.altered(position: error.position, segment: nil)
        }
        guard counted.position == head else { throw Finding.removed(position: counted.position + 1, segment: nil) }
        state = counted
    }

    /// Each stream's row must say what its events say: at one instant, up to which the rest of the log is read.
    private func checkStreams(_ state: inout State, on connection: Connection) async throws {
        let rows = try await connection.query(
            "select name, version, log_head.position from streams cross join log_head order by name")
        if let head = try rows.first?.integer(2) { try await countTail(&state, to: head, on: connection) }
        var left = state.versions
        for row in rows {
            let (name, recorded) = (StreamName(try row.text(0)), try row.integer(1))
            let actual = left.removeValue(forKey: name) ?? 0
            guard actual == recorded else {
                throw Finding.stream(name: name.rawValue, recorded: recorded, actual: actual)
            }
        }
        if let (name, actual) = left.min(by: { $0.key.rawValue < $1.key.rawValue }) {
            throw Finding.stream(name: name.rawValue, recorded: 0, actual: actual)
        }
    }

    private func checkBounds(on connection: Connection) async throws {
        let row = try await connection.query(
            """
            select min(events.position)
            from events
            join log_head on events.position > log_head.position or events.position <= log_head.archived_to
            """)[0]
        if let position = try row.optionalInteger(0) { throw Finding.inserted(position: position, segment: nil) }
    }
}

/// Compares a segment's events with its digests, one by one.
private struct SegmentCheck {
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
