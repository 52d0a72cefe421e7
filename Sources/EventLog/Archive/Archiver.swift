import EventSourcing
import Foundation
import Logging
import Postgres
import Resilience

/// Moves sealed segments from the database to files, and back.
///
/// One process does so at a time. It may be killed at any point: an event is always in its partition or in a verified
/// file, and the next run goes on. Memory is bounded by one segment.
package struct Archiver: Sendable {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case underWay
        case altered(segment: Int64)
        case folder(path: String, reason: String)

        package var description: String {
            switch self {
            case .underWay: "another process is archiving or restoring"
            case .altered(let segment):
                "segment \(segment) is not as it was sealed, so it is not archived; run footfallctl verify"
            case .folder(let path, let reason): "the folder \(path) cannot be used: \(reason)"
            }
        }
    }

    /// Up to where events are archived: whole segments that lie before it.
    package enum Bound: Hashable, Sendable {
        case position(Int64)
        case time(Timestamp)
    }

    package enum Step: Sendable {
        case archived(segment: Int64, path: String, textBytes: Int64, fileBytes: Int64)
        /// The partition that ended with this position is dropped.
        case dropped(to: Int64, tableBytes: Int64)
        /// The partition that ends with this position is back.
        case restored(from: Int64, to: Int64)
    }

    private static let segmentsPerQuery = 100

    private let target: ConnectionTarget
    private let logger: Logger

    package init(on target: ConnectionTarget, logger: Logger) {
        self.target = target.named("footfall archive", requestTimeout: nil)
        self.logger = logger
    }

    /// Archives the sealed segments before a bound, and drops the partitions that are wholly archived then.
    /// - Parameters:
    ///   - folder: made where it is missing.
    ///   - level: zstd's, 1 (fast) to 19 (small); beyond it memory grows.
    package func archive(
        before bound: Bound, to folder: URL, level: Int, onStep: @Sendable (Step) -> Void = { _ in }
    ) async throws {
        try await withLock { connection in
            let folder = folder.absoluteURL.standardizedFileURL
            do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
                throw Failure.folder(path: folder.path, reason: error.localizedDescription)
            }
            var number: Int64 = 0
            var verified: Set<Int64> = []
            outer: while true {
                let segments = try await Segment.after(number, limit: Self.segmentsPerQuery, on: connection)
                if segments.isEmpty { break }
                for segment in segments {
                    guard segment.lies(before: bound) else { break outer }
                    number = segment.number
                    if segment.file != nil { continue }
                    onStep(try await archive(segment, to: folder, level: level, on: connection))
                    verified.insert(number)
                }
            }
            while let step = try await dropFirstPartition(upTo: number, verified: verified, on: connection) {
                onStep(step)
            }
        }
    }

    private func archive(
        _ segment: Segment, to folder: URL, level: Int, on connection: Connection
    ) async throws -> Step {
        var hasher = SegmentHasher(
            segment: segment.number, first: segment.first, last: segment.last, previousHash: segment.previousHash)
        var text: [UInt8] = []
        var streams: [StreamName: ClosedRange<Int64>] = [:]
        var writer = EventText.Writer()
        try await StoredEvents(connection: connection).forEach(in: segment.positions) { event in
            hasher.add(event)
            writer.write(event, to: &text)
            let first = streams[event.stream]?.lowerBound ?? event.version
            streams[event.stream] = first...max(first, event.version)
        }
        guard hasher.finalize() == segment.hash else { throw Failure.altered(segment: segment.number) }

        let file = SegmentFile(segment: segment, path: folder.appending(path: SegmentFile.name(of: segment)).path)
        let contents = text
        let textBytes = Int64(contents.count)
        let fileBytes = try await BlockingWork.run {
            try file.write(contents, level: level)
            _ = try file.read(textByteCount: textBytes)
            return (try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? NSNumber)?.int64Value ?? 0
        }
        _ = try await connection.pipeline([
            Self.notingStreams.statement([
                "segment": .integer(segment.number), "streams": .texts(streams.map(\.key.rawValue)),
                "first_versions": .integers(streams.map(\.value.lowerBound)),
                "last_versions": .integers(streams.map(\.value.upperBound)),
            ]),
            Self.notingFile.statement([
                "file": .text(file.path), "file_bytes": .integer(fileBytes), "text_bytes": .integer(textBytes),
                "segment": .integer(segment.number),
            ]),
        ])
        return .archived(segment: segment.number, path: file.path, textBytes: textBytes, fileBytes: fileBytes)
    }

    /// Drops the first partition that is left, where the segments up to `number` cover it; nil where they do not.
    /// The files that were not verified by this run are verified before.
    private func dropFirstPartition(
        upTo number: Int64, verified: Set<Int64>, on connection: Connection
    ) async throws -> Step? {
        let row = try await connection.query(Self.partitions)[0]
        let archivedTo = try row.integer("archived_to")
        let (first, last) = (archivedTo + 1, archivedTo + (try row.integer("partition_size")))
        let segments = try await Segment.covering(first, to: last, on: connection)
        guard segments.last?.last == last, segments.allSatisfy({ $0.file != nil && $0.number <= number }) else {
            return nil
        }
        for segment in segments where !verified.contains(segment.number) {
            _ = try await ArchivedSegments.events(of: segment)
        }
        let tableBytes =
            try await connection.query(Self.partitionSize, ["position": .integer(first)]).first?.integer("bytes") ?? 0
        // Appends wait while this waits for readers of the log, so it gives way and tries again.
        try await retrying(on: connection) {
            try await connection.script("set local lock_timeout = '500ms'")
            try await connection.query(Self.dropping, ["last": .integer(last)])
        }
        logger.info("dropped archived partition", metadata: ["last_position": "\(last)"])
        return .dropped(to: last, tableBytes: tableBytes)
    }

    /// Brings back the partitions that hold archived events from a position on, the last one first.
    /// The files stay where they are.
    package func restore(from position: Int64, onStep: @Sendable (Step) -> Void = { _ in }) async throws {
        try await withLock { connection in
            while true {
                let row = try await connection.query(Self.partitions)[0]
                let last = try row.integer("archived_to")
                guard last >= max(1, position) else { return }
                let first = last - (try row.integer("partition_size")) + 1
                try await restore(first...last, on: connection)
                onStep(.restored(from: first, to: last))
            }
        }
    }

    private func restore(_ positions: ClosedRange<Int64>, on connection: Connection) async throws {
        let segments = try await Segment.covering(positions.lowerBound, to: positions.upperBound, on: connection)
        try await retrying(on: connection) {
            try await connection.script("create table restored_events (like events including all)")
            for segment in segments {
                let events = try await ArchivedSegments.events(of: segment)
                try await EventTable.insert(events, into: "restored_events", on: connection)
            }
            try await connection.script("set local lock_timeout = '500ms'")
            try await connection.query(Self.attaching)
        }
    }

    /// Takes note that the files lie in another folder now, once each of them has been verified there.
    /// - Returns: how many segments have files.
    package func relocate(to folder: URL) async throws -> Int {
        var count = 0
        try await withLock { connection in
            var number: Int64 = 0
            while true {
                let segments = try await Segment.after(number, limit: Self.segmentsPerQuery, on: connection)
                guard let last = segments.last else { return }
                number = last.number
                for segment in segments {
                    guard let old = segment.file else { continue }
                    let path = folder.absoluteURL.standardizedFileURL.appending(path: SegmentFile.name(of: segment))
                        .path
                    let file = Segment.File(path: path, byteCount: old.byteCount, textByteCount: old.textByteCount)
                    _ = try await ArchivedSegments.events(of: segment, in: file)
                    try await connection.query(
                        Self.movingFile, ["file": .text(path), "segment": .integer(segment.number)])
                    count += 1
                }
            }
        }
        return count
    }

    /// Does `body` in a transaction that gives way to whoever holds the locks that it needs, until it gets through.
    private func retrying(on connection: Connection, _ body: () async throws -> Void) async throws {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        while true {
            do {
                try await connection.transaction(body)
                return
            } catch let error as PostgresError where error.isSafeToRetry && connection.isOpen {
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func withLock(_ body: (Connection) async throws -> Void) async throws {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        guard try await LogLock.archiving.take(on: connection) else { throw Failure.underWay }
        // Given back before the session ends, so that who comes next finds it free.
        do { try await body(connection) } catch {
            try? await LogLock.archiving.release(on: connection)  // the first error is the one that matters
            throw error
        }
        try await LogLock.archiving.release(on: connection)
    }
}

extension Archiver {
    private static let notingStreams = SQLQuery(
        "note_archived_streams",
        """
        insert into archived_streams (stream, segment, first_version, last_version)
        select stream, :segment, first_version, last_version
        from unnest(:streams::text[], :first_versions::bigint[], :last_versions::bigint[])
          as held (stream, first_version, last_version)
        """,
        parameters: [
            "segment": .integer, "streams": .texts, "first_versions": .integers, "last_versions": .integers,
        ])

    private static let notingFile = SQLQuery(
        "note_archived_file",
        """
        update segments
        set file = :file, file_bytes = :file_bytes, text_bytes = :text_bytes, archived_at = clock_timestamp()
        where segment = :segment
        """, parameters: ["file": .text, "file_bytes": .integer, "text_bytes": .integer, "segment": .integer])

    private static let movingFile = SQLQuery(
        "move_archived_file", "update segments set file = :file where segment = :segment",
        parameters: ["file": .text, "segment": .integer])

    private static let partitions = SQLQuery(
        "partitions", "select archived_to, partition_size from log_head",
        columns: ["archived_to": .integer, "partition_size": .integer])

    private static let partitionSize = SQLQuery(
        "partition_bytes", "select pg_total_relation_size(tableoid) as bytes from events where position = :position",
        parameters: ["position": .integer], columns: ["bytes": .integer])

    private static let dropping = SQLQuery(
        "drop_archived_partition", "select drop_archived_partition(:last)", parameters: ["last": .integer])

    private static let attaching = SQLQuery(
        "attach_restored_partition", "select attach_restored_partition('restored_events')")

    static let queries = [notingStreams, notingFile, movingFile, partitions, partitionSize, dropping, attaching]
}

extension Segment {
    fileprivate func lies(before bound: Archiver.Bound) -> Bool {
        switch bound {
        case .position(let position): last < position
        case .time(let time): lastRecordedAt < time
        }
    }
}
