import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// That events in archived files are part of the log like all others. One test after another, for each holds several
/// connections.
@Suite(.enabled(if: Tier.isWhole), .serialized) struct ArchiveTests {
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
            try await other.query("select pg_advisory_lock($1::int, 2)", [.lock(LockSpace.upkeep)])
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
}
