import EventSourcing
import Postgres

/// Checks what lies in no segment yet, and that each stream is what its events make it.
struct StreamVerifier {
    static let streams = SQLQuery(
        "streams_and_head", "select name, version, log_head.position from streams cross join log_head order by name",
        columns: ["name": .text, "version": .integer, "position": .integer])

    private static let positionsAtOnce: Int64 = 10_000

    let connection: Connection

    /// Checks the events after the last segment that are sealed in the tree.
    func checkSealed(
        _ log: inout VerifiedLog, _ tree: inout TreeVerifier, onProgress: (Verifier.Progress) -> Void
    ) async throws {
        guard let seal = try await LogTree(on: connection).seal() else { return }
        let head = try await ArchivedEvents(on: connection).ends().head
        guard seal.size <= head else { throw Verifier.Finding.removed(position: head + 1, segment: nil) }
        while log.position < seal.size {
            let positions = (log.position + 1)...min(seal.size, log.position + Self.positionsAtOnce)
            let leaves = try await tree.leaves(at: positions)
            var check = LeafCheck(positions, leaves)
            var leaf = EventLeaf()
            do {
                try await StoredEvents(connection: connection).forEach(in: positions) { event in
                    if check.matches(event, leaf.hash(of: event)) { try log.count(event) }
                }
            } catch let error as UnreadableEvent {
                throw Verifier.Finding.altered(position: error.position, segment: nil)
            }
            if let position = check.firstMismatch {
                throw try await LeafFinding(connection: connection, positions: positions, leaves: leaves)
                    .finding(at: position, segment: nil)
            }
            try await tree.check(positions, leaves)
            onProgress(Verifier.Progress(position: log.position, head: log.head))
        }
    }

    func checkTail(_ log: inout VerifiedLog, onProgress: (Verifier.Progress) -> Void) async throws {
        guard log.position <= log.head else { throw Verifier.Finding.removed(position: log.head + 1, segment: nil) }
        let head = log.head
        try await countTail(&log, to: head) { onProgress(Verifier.Progress(position: $0, head: head)) }
    }

    /// Each stream's row must say what its events say: at one instant, up to which the rest of the log is read.
    func checkStreams(_ log: inout VerifiedLog) async throws {
        let rows = try await connection.query(Self.streams)
        if let head = try rows.first?.integer("position") { try await countTail(&log, to: head) }
        var left = log.versions
        for row in rows {
            let (name, recorded) = (StreamName(try row.text("name")), try row.integer("version"))
            let actual = left.removeValue(forKey: name) ?? 0
            guard actual == recorded else {
                throw Verifier.Finding.stream(name: name.rawValue, recorded: recorded, actual: actual)
            }
        }
        if let (name, actual) = left.min(by: { $0.key.rawValue < $1.key.rawValue }) {
            throw Verifier.Finding.stream(name: name.rawValue, recorded: 0, actual: actual)
        }
    }

    private func countTail(
        _ log: inout VerifiedLog, to head: Int64, onProgress: (Int64) -> Void = { _ in }
    ) async throws {
        guard log.position < head else { return }
        var counted = log
        do {
            try await StoredEvents(connection: connection).forEach(in: (log.position + 1)...head) { event in
                guard event.position == counted.position + 1 else {
                    throw Verifier.Finding.removed(position: counted.position + 1, segment: nil)
                }
                try counted.count(event)
                if event.position.isMultiple(of: 10_000) { onProgress(event.position) }
            }
        } catch let error as UnreadableEvent {
            throw Verifier.Finding.altered(position: error.position, segment: nil)
        }
        guard counted.position == head else {
            throw Verifier.Finding.removed(position: counted.position + 1, segment: nil)
        }
        log = counted
    }
}
