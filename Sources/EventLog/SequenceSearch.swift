import EventSourcing
import Postgres

/// Finds what a source appended to a stream before, by its sequences: in the log and in its archive.
///
/// A source's sequences rise with the versions of the stream, so blocks of versions are searched by halving. What is sent
/// again is mostly recent: the search begins at the end and goes back in steps that double. A block without anything of the
/// source says nothing, and the next one is looked at; so a stream of many sources, most of which ended long ago, costs as
/// much as reading its index through, and any other some 20 blocks.
struct SequenceSearch {
    /// A run of the stream's versions that is read at once.
    private enum Block {
        /// The part of the stream in the segment that begins at this position.
        case archived(firstPosition: Int64)
        case stored(versions: ClosedRange<Int64>)
    }

    private struct Entry {
        let sequence: Int64
        let position: Int64
    }

    private static let blockSize: Int64 = 1000

    static let entries = SQLQuery(
        "sequences_of_source",
        """
        select sequence, position
        from events
        where stream = :stream and version between :first and :last and source = :source
        order by version
        """, parameters: ["stream": .text, "first": .integer, "last": .integer, "source": .text],
        columns: ["sequence": .integer, "position": .integer])

    let connection: Connection
    let stream: StreamName
    let source: String

    /// The positions of what was appended under each of these sequences; a sequence that was never taken has none.
    func positions(of sequences: Set<Int64>) async throws -> [Int64: ClosedRange<Int64>] {
        guard let first = sequences.min(), let last = sequences.max() else { return [:] }
        return try await connection.transaction {
            let archive = ArchivedEvents(on: connection)
            try await archive.holdPartitions()
            let blocks = try await blocks(archive)
            var positions: [Int64: ClosedRange<Int64>] = [:]
            var index = try await firstBlock(reaching: first, of: blocks, archive)
            while index < blocks.count {
                let entries = try await entries(of: blocks[index], archive)
                for entry in entries where sequences.contains(entry.sequence) {
                    let known = positions[entry.sequence] ?? entry.position...entry.position
                    positions[entry.sequence] = known.lowerBound...entry.position
                }
                // The events of one append may lie in two blocks.
                if let end = entries.last?.sequence, end > last { break }
                index += 1
            }
            return positions
        }
    }

    private func blocks(_ archive: ArchivedEvents) async throws -> [Block] {
        let archived = try await archive.segments(holding: stream)
        let end = try await archive.version(of: stream)
        let first = (archived.last?.lastVersion ?? 0) + 1
        return archived.map { .archived(firstPosition: $0.firstPosition) }
            + stride(from: first, through: end, by: Int(Self.blockSize)).map {
                .stored(versions: $0...min(end, $0 + Self.blockSize - 1))
            }
    }

    /// The index of the first block that has a sequence of at least this one; the number of blocks where none has.
    private func firstBlock(
        reaching sequence: Int64, of blocks: [Block], _ archive: ArchivedEvents
    ) async throws -> Int {
        // What lies before `low` is below the sequence; of what lies from `high` on, `found` is the first that is not.
        var (low, high, found) = (0, blocks.count, blocks.count)
        var step = 1
        while low < high {
            let start = low > 0 ? (low + high) / 2 : max(0, high - step)
            step *= 2
            var index = start
            var entries = try await entries(of: blocks[index], archive)
            while entries.isEmpty, index + 1 < high {
                index += 1
                entries = try await self.entries(of: blocks[index], archive)
            }
            guard let first = entries.first, let last = entries.last else {
                high = start
                continue
            }
            if last.sequence < sequence {
                low = index + 1
            } else if first.sequence < sequence {
                return index
            } else {
                (high, found) = (start, index)
            }
        }
        return found
    }

    /// What the source has in a block, in the order of versions.
    private func entries(of block: Block, _ archive: ArchivedEvents) async throws -> [Entry] {
        switch block {
        case .stored(let versions):
            return try await connection.query(
                Self.entries,
                [
                    "stream": .text(stream.rawValue), "first": .integer(versions.lowerBound),
                    "last": .integer(versions.upperBound), "source": .text(source),
                ]
            ).map { Entry(sequence: try $0.integer("sequence"), position: try $0.integer("position")) }
        case .archived(let firstPosition):
            return try await archive.segmentEvents(at: firstPosition).compactMap { event in
                guard event.stream == stream, let metadata = try? JSON.parse(event.metadata),
                    let known = metadata["source"]?.string, known.isExactly(source),
                    let sequence = metadata["sequence"]?.integer
                else { return nil }
                return Entry(sequence: sequence, position: event.position)
            }
        }
    }
}
