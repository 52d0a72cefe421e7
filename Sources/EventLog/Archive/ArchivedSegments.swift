import EventSourcing
import Foundation
import Postgres
import Synchronization

/// Reads archived segments. A few that were read last are kept, for readers come page by page.
enum ArchivedSegments {
    private struct Key: Hashable {
        let hash: [UInt8]
        let path: String
        let byteCount: Int64
        let changed: Int64
    }

    private static let keptSegments = 3
    private static let maximumKeptBytes: Int64 = 32 << 20
    private static let kept = Mutex<[(key: Key, events: [RecordedEvent])]>([])

    /// All events of the segment, proved by its hash. Throws `BadSegmentFile`.
    static func events(of segment: Segment) async throws -> [RecordedEvent] {
        guard let file = segment.file else {
            throw BadSegmentFile(path: "(none)", segment: segment.number, reason: .missing)
        }
        return try await events(of: segment, in: file)
    }

    static func events(of segment: Segment, in file: Segment.File) async throws -> [RecordedEvent] {
        try await BlockingWork.run {
            let key = try key(of: file, segment: segment)
            if let events = kept.withLock({ kept in kept.first { $0.key == key }?.events }) { return events }
            let events = try SegmentFile(segment: segment, path: file.path).read(textByteCount: file.textByteCount)
            if file.textByteCount <= maximumKeptBytes {
                kept.withLock { kept in
                    if kept.count == keptSegments { kept.removeFirst() }
                    kept.append((key, events))
                }
            }
            return events
        }
    }

    /// Tells the file from what it was when it was read before.
    private static func key(of file: Segment.File, segment: Segment) throws -> Key {
        var status = stat()
        guard stat(file.path, &status) == 0 else {
            let reason: BadSegmentFile.Reason =
                errno == ENOENT ? .missing : .unreadable(String(cString: strerror(errno)))
            throw BadSegmentFile(path: file.path, segment: segment.number, reason: reason)
        }
        let changed = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return Key(hash: segment.hash, path: file.path, byteCount: Int64(status.st_size), changed: changed)
    }
}
