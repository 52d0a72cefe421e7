import EventSourcing
import Postgres
import Transparency

/// Checks each segment: its events, from partitions or from archived files, against the hashes of the tree, its own hash
/// and its place in the chain; and the tree as far as they reach.
struct SegmentVerifier {
    private static let segmentsPerQuery = 20

    let connection: Connection
    /// Hashes of segments that were kept elsewhere, by number.
    let anchors: [Int64: [UInt8]]

    /// Throws the first `Verifier.Finding`.
    func check(
        _ log: inout VerifiedLog, _ tree: inout TreeVerifier, onProgress: (Verifier.Progress) -> Void
    ) async throws {
        while true {
            let rows = try await Segment.after(log.segments, limit: Self.segmentsPerQuery, on: connection)
            if rows.isEmpty { break }
            for segment in rows {
                try await check(segment, &log, &tree)
                onProgress(Verifier.Progress(position: log.position, head: log.head))
            }
        }
        for (number, _) in anchors where number > log.segments {
            throw Verifier.Finding.seal(segment: number, reason: "it is gone, but its hash was kept elsewhere")
        }
    }

    private func check(
        _ segment: Segment, _ log: inout VerifiedLog, _ tree: inout TreeVerifier
    ) async throws {
        guard segment.number == log.segments + 1 else {
            throw Verifier.Finding.seal(segment: log.segments + 1, reason: "it is gone")
        }
        guard segment.first == log.position + 1, segment.last >= segment.first else {
            throw Verifier.Finding.seal(
                segment: segment.number, reason: "it does not begin at position \(log.position + 1)")
        }
        let leaves = try await tree.leaves(at: segment.positions)
        guard segment.previousHash == log.hash else {
            throw Verifier.Finding.seal(
                segment: segment.number, reason: "it does not name the hash of the segment before it")
        }

        var check = SegmentCheck(segment: segment, leaves: leaves)
        try await forEachEvent(of: segment) { event in
            if check.matches(event) { try log.count(event) }
        }
        let (hash, mismatch) = check.finish()
        switch (mismatch, hash == segment.hash) {
        case (nil, true): break
        case (let position?, false):
            throw try await LeafFinding(connection: connection, positions: segment.positions, leaves: leaves)
                .finding(at: position, segment: segment.number)
        case (let position?, true):
            throw Verifier.Finding.tree(size: segment.last, reason: "the hash of position \(position) is another")
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
        try await tree.check(segment.positions, leaves)
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
}
