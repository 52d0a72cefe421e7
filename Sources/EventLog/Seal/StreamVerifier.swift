import EventSourcing
import Postgres

/// Checks what is not sealed yet, and that each stream is what its events make it.
struct StreamVerifier {
    static let streams = SQLQuery(
        "streams_and_head", "select name, version, log_head.position from streams cross join log_head order by name",
        columns: ["name": .text, "version": .integer, "position": .integer])

    let connection: Connection

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
