import EventSourcing
import Postgres

/// Checks each segment: its events, from partitions or from archived files, against its digests, its hash and its place in
/// the chain.
struct SegmentVerifier {
    private static let segmentsPerQuery = 20

    static let digests = SQLQuery(
        "segment_digests", "select digests from segments where segment = :segment", parameters: ["segment": .integer],
        columns: ["digests": .bytes])

    let connection: Connection
    /// Hashes of segments that were kept elsewhere, by number.
    let anchors: [Int64: [UInt8]]

    /// Throws the first `Verifier.Finding`.
    func check(_ log: inout VerifiedLog, onProgress: (Verifier.Progress) -> Void) async throws {
        while true {
            let rows = try await Segment.after(log.segments, limit: Self.segmentsPerQuery, on: connection)
            if rows.isEmpty { break }
            for segment in rows {
                try await check(segment, &log)
                onProgress(Verifier.Progress(position: log.position, head: log.head))
            }
        }
        for (number, _) in anchors where number > log.segments {
            throw Verifier.Finding.seal(segment: number, reason: "it is gone, but its hash was kept elsewhere")
        }
    }

    private func check(_ segment: Segment, _ log: inout VerifiedLog) async throws {
        guard segment.number == log.segments + 1 else {
            throw Verifier.Finding.seal(segment: log.segments + 1, reason: "it is gone")
        }
        guard segment.first == log.position + 1, segment.last >= segment.first else {
            throw Verifier.Finding.seal(
                segment: segment.number, reason: "it does not begin at position \(log.position + 1)")
        }
        let digests = try await connection.query(Self.digests, ["segment": .integer(segment.number)])[0].bytes(
            "digests")
        guard digests.count == segment.count * SegmentHasher.keptDigestBytes else {
            throw Verifier.Finding.seal(segment: segment.number, reason: "it does not have a digest for each event")
        }
        guard segment.previousHash == log.hash else {
            throw Verifier.Finding.seal(
                segment: segment.number, reason: "it does not name the hash of the segment before it")
        }

        var check = SegmentCheck(segment: segment, digests: digests)
        try await forEachEvent(of: segment) { event in
            if check.matches(event) { try log.count(event) }
        }
        let (hash, mismatch) = check.finish()
        switch (mismatch, hash == segment.hash) {
        case (nil, true): break
        case (let position?, false):
            throw try await finding(at: position, of: segment, digests: digests)
        case (let position?, true):
            throw Verifier.Finding.seal(
                segment: segment.number, reason: "the digest of position \(position) is another")
        case (nil, false):
            throw Verifier.Finding.seal(
                segment: segment.number,
                reason: "the events at positions \(segment.first) to \(segment.last) have the hash "
                    + "\(hash.hexadecimal), not \(segment.hash.hexadecimal)")
        }
        if let anchor = anchors[segment.number], anchor != hash {
            throw Verifier.Finding.seal(
                segment: segment.number,
                reason: "its hash is \(hash.hexadecimal), but \(anchor.hexadecimal) was kept elsewhere")
        }
        log.segments = segment.number
        log.hash = hash
    }

    private func forEachEvent(of segment: Segment, _ body: (RecordedEvent) throws -> Void) async throws {
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
            throw Verifier.Finding.file(error)
        } catch let error as UnreadableEvent {
            throw Verifier.Finding.altered(position: error.position, segment: segment.number)
        }
    }

    /// What happened at the first position that does not have its digest. Tells a row that was taken away or put in,
    /// with those after it renumbered, from one that was altered in its place.
    private func finding(at position: Int64, of segment: Segment, digests: [UInt8]) async throws -> Verifier.Finding {
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
}
