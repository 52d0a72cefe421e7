import EventLog
import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

/// That events in archived files are part of the log like all others. One test after another, for each holds several
/// connections.
@Suite(.serialized) struct ArchiveTests {
    @Test func readingGoesThroughTheArchive() async throws {
        try await SealFixture.with { log in
            try await log.append(55)
            try await log.seal()
            let before = try await log.events()
            let stream = try await log.log.readAll("s1")
            try await log.archive()
            #expect(try await log.integer("select archived_to from log_head") == 40)
            #expect(try await log.integer("select count(*) from events") == 15)
            #expect(try log.files().count == 5)
            for pageSize in [1, 7, 10, 13, 40, 100] {
                let after = try await log.events(pageSize: pageSize)
                #expect(after == before, "in pages of \(pageSize)")
            }
            #expect(try await log.log.readAll("s1") == stream)
            #expect(try await log.log.read("s1", after: 9, limit: 4) == Array(stream[9..<13]))
            #expect(try await log.log.read("none", after: 0, limit: 4) == [])
            #expect(try await log.log.read(after: 55, limit: 4) == [])
            #expect(try await log.verify().archivedTo == 40)
        }
    }

    @Test func aLogThatIsArchivedWholeIsReadAndGoesOn() async throws {
        try await SealFixture.with { log in
            try await log.append(40)
            try await log.seal()
            let before = try await log.events()
            try await log.archive()
            #expect(try await log.integer("select count(*) from events") == 0)
            #expect(try await log.events() == before)
            #expect(try await log.log.read(after: 40, limit: 10) == [])
            try await log.append(3)
            #expect(try await log.events().map(\.position) == Array(1...43))
            #expect(try await log.log.readAll("s0").map(\.version) == Array(1...15))
            #expect(try await log.verify().events == 43)
        }
    }

    @Test func filesThatWereMovedAreFoundAgain() async throws {
        try await SealFixture.with { log in
            try await log.append(40)
            try await log.seal()
            let before = try await log.events()
            try await log.archive()
            let moved = log.folder.appendingPathExtension("moved")
            defer { try? FileManager.default.removeItem(at: moved) }
            try FileManager.default.moveItem(at: log.folder, to: moved)
            await #expect(throws: EventLogError.self) { _ = try await log.events() }
            let archiver = Archiver(on: log.target, logger: .silent)
            await #expect(throws: BadSegmentFile.self) { _ = try await archiver.relocate(to: log.folder) }
            #expect(try await archiver.relocate(to: moved) == 4)
            #expect(try await log.events() == before)
        }
    }

    @Test func aPartitionStaysUntilAllItsSegmentsAreArchived() async throws {
        try await SealFixture.with { log in
            try await log.append(35)
            try await log.seal()
            try await log.archive(before: 20)
            #expect(try log.files().count == 1)
            #expect(try await log.integer("select archived_to from log_head") == 0)
            try await log.archive(before: 21)
            #expect(try log.files().count == 2)
            #expect(try await log.integer("select archived_to from log_head") == 20)
            try await log.archive()
            #expect(try log.files().count == 3)
            #expect(try await log.integer("select archived_to from log_head") == 20)
        }
    }

    @Test func aTimeSaysWhatIsArchived() async throws {
        try await SealFixture.with { log in
            try await log.append(20)
            let between = try #require(try await log.events().last).recordedAt + .microseconds(1)
            try await log.connection.query("select pg_sleep(0.001)")
            try await log.append(20)
            try await log.seal()
            let archiver = Archiver(on: log.target, logger: .silent)
            try await archiver.archive(before: .time(between), to: log.folder, level: 3)
            #expect(try await log.integer("select archived_to from log_head") == 20)
        }
    }

    @Test func restoringBringsBackWhatWasArchived() async throws {
        try await SealFixture.with { log in
            try await log.append(75)
            try await log.seal()
            let before = try await log.events()
            let rows = "select count(*) from events"
            try await log.archive()
            #expect(try await log.integer(rows) == 15)
            try await log.restore(from: 30)
            #expect(try await log.integer(rows) == 55)
            #expect(try await log.events() == before)
            try await log.restore()
            #expect(try await log.integer(rows) == 75)
            #expect(try await log.events() == before)
            #expect(try await log.verify().archivedTo == 0)
            // What was brought back is protected, and can be archived again.
            let error = await #expect(throws: PostgresError.self) {
                try await log.connection.script("delete from events where position = 3")
            }
            #expect(error?.sqlState == "23001")
            let truncation = await #expect(throws: PostgresError.self) {
                try await log.connection.script("truncate events_000001")
            }
            #expect(truncation?.sqlState == "23001")
            try await log.archive()
            #expect(try await log.integer(rows) == 15)
            #expect(try await log.events() == before)
        }
    }

    @Test func anAlteredSegmentIsNotArchived() async throws {
        try await SealFixture.with { log in
            try await log.append(40)
            try await log.seal()
            try await log.tamper("update events set data = '{}' where position = 14")
            await #expect(throws: Archiver.Failure.altered(segment: 2)) { try await log.archive() }
            #expect(try await log.integer("select count(*) from events") == 40)
        }
    }

    @Test func oneProcessArchivesAtATime() async throws {
        try await SealFixture.with { log in
            try await log.append(40)
            try await log.seal()
            let other = try await Connection.open(log.target, logger: .silent)
            defer { other.close() }
            try await other.query("select pg_advisory_lock(x'466F6F76'::int, 2)")
            await #expect(throws: Archiver.Failure.underWay) { try await log.archive() }
        }
    }

    /// A crash at any point leaves files that nobody knows, or files that are known beside their partition.
    @Test func archivingGoesOnAfterACrash() async throws {
        try await SealFixture.with { log in
            try await log.append(40)
            try await log.seal()
            let before = try await log.events()
            try await log.archive(before: 31)
            let files = try log.files()
            #expect(files.count == 3)
            // Crashed while the third file was being written, and before the second was recorded.
            try Data("half".utf8).write(to: files[2].appendingPathExtension("partial"))
            try await log.restore()
            try await log.connection.script(
                """
                delete from archived_streams where segment >= 2;
                update segments set file = null, file_bytes = null, text_bytes = null, archived_at = null
                where segment >= 2
                """)
            try await log.archive()
            #expect(try await log.integer("select archived_to from log_head") == 40)
            #expect(try await log.events() == before)
            #expect(try log.files().count == 4)
        }
    }

    @Test func archivingAndAppendingAndReadingGoTogether() async throws {
        try await SealFixture.with { log in
            try await log.append(200)
            try await log.seal()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await log.append(60) }
                group.addTask {
                    for end in stride(from: Int64(20), to: 200, by: 20) { try await log.archive(before: end + 1) }
                }
                for _ in 0..<3 {
                    group.addTask {
                        let events = try await log.events(pageSize: 9)
                        let positions = events.map(\.position)
                        #expect(positions == Array(1...Int64(events.count)))
                        #expect(events.count >= 200)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await log.verify().events == 260)
        }
    }

    @Test func theAuditTrailGoesThroughTheArchive() async throws {
        try await SealFixture.with { log in
            try await log.append(30)
            let between = try #require(try await log.events().last).recordedAt + .microseconds(1)
            try await log.connection.query("select pg_sleep(0.001)")
            for id in [7, 8] {
                _ = try await log.log.append([
                    Append(
                        to: StreamName("camera-\(id)"), events: [event("CameraRemoved")],
                        metadata: EventMetadata(actor: "ben"))
                ])
            }
            try await log.append(23)
            try await log.seal()
            let trail = AuditTrail(pool: log.pool)
            let filters = [
                AuditTrail.Filter(), .init(cameraID: 8), .init(cameraID: 9), .init(type: "Thing"), .init(actor: "ben"),
                .init(from: between), .init(to: between), .init(type: "Thing", actor: "ana", from: between),
            ]
            func trails() async throws -> [[String]] {
                var trails: [[String]] = []
                for filter in filters {
                    for (position, limit) in [(Int64(0), 4), (0, 100), (17, 20), (38, 5), (41, 5), (60, 5)] {
                        let page = try await trail.page(filter, after: position, limit: limit)
                        trails.append(
                            ["\(page.position)"] + page.entries.map { String(decoding: $0.json, as: UTF8.self) })
                    }
                }
                return trails
            }
            let before = try await trails()
            #expect(before[1].count == 56)
            try await log.archive()
            #expect(try await log.integer("select archived_to from log_head") == 40)
            let after = try await trails()
            for (before, after) in zip(before, after) { #expect(before == after) }
        }
    }

    /// Sessions that archive, and so hold the lock, are killed at random moments.
    @Test func archivingSurvivesThatItsSessionIsKilled() async throws {
        try await SealFixture.with { log in
            try await log.append(120)
            try await log.seal()
            let before = try await log.events()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        try await log.pool.query(
                            "select pg_terminate_backend(pid) from pg_stat_activity "
                                + "where datname = current_database() and application_name = 'footfall archive'")
                        let position = Int64.random(in: 0..<120)
                        let page = try await log.log.read(after: position, limit: 30)
                        #expect(page == Array(before[Int(position)...].prefix(30)))
                    }
                }
                for round in 0..<40 {
                    do {
                        if round.isMultiple(of: 2) { try await log.archive() } else { try await log.restore() }
                    } catch is PostgresError {} catch Archiver.Failure.underWay {}
                }
                group.cancelAll()
                while let result = await group.nextResult() { if case .failure(let error) = result { throw error } }
            }
            // The last session that was killed may hold the lock for a moment.
            while true {
                do { try await log.archive() } catch Archiver.Failure.underWay { continue }
                break
            }
            #expect(try await log.integer("select archived_to from log_head") == 120)
            #expect(try await log.events() == before)
            #expect(try await log.verify().events == 120)
        }
    }

    @Test func theArchiveIsReadableWithoutFootfall() async throws {
        try await SealFixture.with { log in
            try await log.append(20)
            try await log.seal()
            let expected = try await log.connection.query("select events::text from events order by position")
                .map { try $0.text(0) }
            try await log.archive()
            let file = try #require(try log.files().last)
            let header = try Data(contentsOf: file).dropFirst(8).prefix { $0 != UInt8(ascii: "\n") }
            let json = try JSON.parse(header)
            #expect(json["first_position"] == 11)
            #expect(json["count"] == 10)
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/zstd")
            process.arguments = ["-dc", file.path]
            process.standardOutput = output
            try process.run()
            let text = try #require(try output.fileHandleForReading.readToEnd())
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 10)
            #expect(expected.count == 20)
        }
    }

    enum Damage: CaseIterable {
        case missing, empty, truncated, flipped, another, notZstandard, enormousHeader, enormousWindow, extended
        case swollen

        /// A word that the complaint must have.
        var word: String {
            switch self {
            case .missing: "missing"
            case .empty, .truncated: "truncated"
            case .another: "holds segment 2"
            case .notZstandard, .enormousHeader: "not an archived segment"
            case .flipped, .enormousWindow, .extended, .swollen: "damaged"
            }
        }

        func inflict(on file: URL, other: URL) throws {
            var bytes = try Array(Data(contentsOf: file))
            // The header's frame: 8 bytes, and what they say.
            let body = 8 + Int(bytes[4]) + Int(bytes[5]) << 8
            switch self {
            case .missing:
                try FileManager.default.removeItem(at: file)
                return
            case .empty: bytes = []
            case .truncated: bytes.removeLast(5)
            case .flipped: bytes[body + (bytes.count - body) / 2] ^= 0x10
            case .another: bytes = try Array(Data(contentsOf: other))
            case .notZstandard: bytes = Array("position,stream\n1,camera-1\n".utf8)
            case .enormousHeader: bytes.replaceSubrange(4..<8, with: [0xFF, 0xFF, 0xFF, 0x7F])
            case .enormousWindow:
                // A frame header with a window of 2^41 bytes and no content size; RFC 8878, 3.1.1.1.
                bytes.replaceSubrange(body..., with: [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xF8, 0x01, 0x00, 0x00])
            case .extended: bytes += [0]
            case .swollen:
                // A gigabyte of one letter: 8192 blocks of 128 KiB, each a run; RFC 8878, 3.1.1.2.
                var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
                for index in 0..<8192 {
                    let block = UInt32(131_072) << 3 | 1 << 1 | (index == 8191 ? 1 : 0)
                    frame += [UInt8(block & 255), UInt8(block >> 8 & 255), UInt8(block >> 16), UInt8(ascii: "x")]
                }
                bytes.replaceSubrange(body..., with: frame)
            }
            try Data(bytes).write(to: file)
        }
    }

    @Test(arguments: Damage.allCases)
    func aBadFileIsNamedAndNoEventIsSkipped(_ damage: Damage) async throws {
        try await SealFixture.with { log in
            try await log.append(45)
            try await log.seal()
            try await log.archive()
            let files = try log.files()
            try damage.inflict(on: files[2], other: files[1])

            #expect(try await log.log.read(after: 0, limit: 20).count == 20)
            for read in [
                { try await log.log.read(after: 15, limit: 20) }, { try await log.log.read(after: 24, limit: 1) },
                { try await log.log.readAll("s0") },
            ] {
                let error = await #expect(throws: EventLogError.self) { _ = try await read() }
                guard case .storage(let reason)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(reason.contains("segment 3:"))
                #expect(reason.contains(files[2].path))
                #expect(reason.contains(damage.word), "\(reason)")
            }
            guard case .file(let file)? = try await log.finding() else {
                Issue.record("verification does not name the file")
                return
            }
            #expect(file.segment == 3)
            await #expect(throws: BadSegmentFile.self) { try await log.restore() }
            #expect(try await log.integer("select archived_to from log_head") == 40)
            #expect(try await log.integer("select count(*) from events") == 5)
        }
    }

    @Test func aBadFileKeepsItsPartition() async throws {
        try await SealFixture.with { log in
            try await log.append(45)
            try await log.seal()
            try await log.archive(before: 35)
            try Damage.truncated.inflict(on: try log.files()[2], other: log.folder)
            await #expect(throws: BadSegmentFile.self) { try await log.archive() }
            #expect(try await log.integer("select count(*) from events") == 25)
            #expect(try await log.events().count == 45)
        }
    }

    @Test func aMissingEventIsNotSkippedByReaders() async throws {
        try await SealFixture.with { log in
            try await log.append(12)
            try await log.tamper("delete from events where position = 6")
            #expect(try await log.log.read(after: 0, limit: 10).map(\.position) == Array(1...5))
            await #expect(throws: EventLogError.self) { _ = try await log.log.read(after: 5, limit: 10) }
        }
    }
}
