import EventLog
import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

/// That the log's past cannot be changed unnoticed. One test after another, for each holds several connections.
@Suite(.serialized) struct SealTests {
    @Test func everyEventIsSealedAndFullSegmentsAreMade() async throws {
        try await SealFixture.with { log in
            try await log.append(9)
            try await log.seal()
            #expect(try await log.verify().segments == 0)
            try await log.append(16)
            #expect(try await log.verify().unsealed == 16)
            try await log.seal()
            try await log.append(1)
            let summary = try await log.verify()
            #expect(summary.events == 26)
            #expect(summary.segments == 2)
            #expect(summary.unsealed == 1)
            #expect(summary.lastHash?.count == 32)
        }
    }

    @Test func sealingGoesOnWhereItStopped() async throws {
        try await SealFixture.with { log in
            try await log.append(30)
            try await log.seal()
            let first = try await log.verify().lastHash
            try await log.append(30)
            try await log.seal()
            try await log.seal()
            let summary = try await log.verify(anchors: [3: try #require(first)])
            #expect(summary.segments == 6)
        }
    }

    @Test func aSealerSealsWhatIsAppendedWhileItRuns() async throws {
        try await SealFixture.with { log in
            let listener = Listener(
                log.target, channels: [eventsChannel], pollInterval: .milliseconds(50), logger: .silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await listener.run() }
                // Two processes, one of which waits for the other to end.
                for _ in 0..<2 {
                    group.addTask { await Sealer(on: log.target, logger: .silent).run(listener: listener) }
                }
                try await log.append(25)
                for await _ in listener.signals(on: eventsChannel)
                where try await log.integer("select count(*) from segments") == 2 { break }
                for await _ in listener.signals(on: eventsChannel)
                where try await log.integer("select max(size) from seals") == 25 { break }
                group.cancelAll()
            }
            let summary = try await log.verify()
            #expect(summary.segments == 2 && summary.unsealed == 0)
        }
    }

    struct Tampering: CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let finding: Verifier.Finding

        init(_ description: String, _ sql: String, _ finding: Verifier.Finding) {
            testDescription = description
            self.sql = sql
            self.finding = finding
        }
    }

    /// The columns of events but for the position.
    private static let others = RecordedEvent.columnNames.replacing("position, ", with: "")

    /// 35 events, three segments of 10: what is done to them, and what must be found.
    static let tamperings = [
        Tampering(
            "altered data", "update events set data = '{}' where position = 14",
            .altered(position: 14, segment: 2)),
        Tampering(
            "altered time", "update events set recorded_at = recorded_at + '1 us' where position = 30",
            .altered(position: 30, segment: 3)),
        Tampering(
            "a time that is none", "update events set recorded_at = 'infinity' where position = 12",
            .altered(position: 12, segment: 2)),
        Tampering(
            "altered type", "update events set type = 'Other' where position = 1", .altered(position: 1, segment: 1)),
        Tampering(
            "altered schema version", "update events set schema_version = 2 where position = 10",
            .altered(position: 10, segment: 1)),
        Tampering(
            "moved to another stream", "update events set stream = 's9' where position = 11",
            .altered(position: 11, segment: 2)),
        Tampering(
            "several altered", "update events set data = '{}' where position in (29, 13, 22)",
            .altered(position: 13, segment: 2)),
        Tampering(
            "removed", "delete from events where position = 13", .removed(position: 13, segment: 2)),
        Tampering(
            "removed at the end of a segment", "delete from events where position = 20",
            .removed(position: 20, segment: 2)),
        Tampering(
            "removed, the rest renumbered",
            """
            create temp table moved as select * from events where position between 14 and 20;
            delete from events where position between 13 and 20;
            insert into events
            select position - 1, \(others) from moved
            """, .removed(position: 13, segment: 2)),
        Tampering(
            "inserted, the rest renumbered",
            """
            create temp table moved as select * from events where position between 15 and 19;
            delete from events where position between 15 and 20;
            insert into events
            select position + 1, \(others) from moved;
            insert into events
            select 15, \(others) from events where position = 3
            """, .inserted(position: 15, segment: 2)),
        Tampering(
            "swapped",
            """
            create temp table moved as select * from events where position in (16, 18);
            delete from events where position in (16, 18);
            insert into events
            select 34 - position, \(others) from moved
            """, .altered(position: 16, segment: 2)),
        Tampering(
            "a time that is none after the last segment",
            "update events set recorded_at = 'infinity' where position = 32", .altered(position: 32, segment: nil)),
        Tampering(
            "altered after the last segment", "update events set data = '{}' where position = 34",
            .altered(position: 34, segment: nil)),
        Tampering(
            "a time altered after the last segment",
            "update events set recorded_at = recorded_at - interval '1 day' where position = 34",
            .altered(position: 34, segment: nil)),
        Tampering(
            "removed after the last segment", "delete from events where position = 33",
            .removed(position: 33, segment: nil)),
        Tampering(
            "the last one removed", "delete from events where position = 35", .removed(position: 35, segment: nil)),
        Tampering(
            "the end cut off", "delete from events where position > 25; update log_head set position = 25",
            .removed(position: 26, segment: 3)),
        Tampering(
            "the end cut off after the last segment",
            "delete from events where position > 34; update log_head set position = 34",
            .removed(position: 35, segment: nil)),
        Tampering(
            "a version altered after the last segment", "update events set version = 50 where position = 34",
            .altered(position: 34, segment: nil)),
        Tampering(
            "inserted beyond the head",
            """
            insert into events
            select 36, 12, \(others.dropFirst("version, ".count)) from events where position = 33
            """, .inserted(position: 36, segment: nil)),
        Tampering(
            "a stream's row altered", "update streams set version = 40 where name = 's1'",
            .stream(name: "s1", recorded: 40, actual: 12)),
        Tampering(
            "a stream's row removed", "delete from streams where name = 's2'",
            .stream(name: "s2", recorded: 0, actual: 11)),
        Tampering(
            "a segment's row removed", "delete from segments where segment = 2",
            .seal(segment: 2, reason: "it is gone")),
        Tampering(
            "the hash of an event altered",
            "update seals set leaves = set_byte(leaves, 32 * 21, get_byte(leaves, 32 * 21) # 1)",
            .tree(size: 30, reason: "the hash of position 22 is another")),
        Tampering(
            "the root of a tree altered", "update seals set root = sha256('x')",
            .tree(size: 35, reason: "its root is not that of the events")),
        Tampering(
            "a seal's row removed", "delete from seals",
            .tree(size: 10, reason: "it does not have a hash for each event")),
        Tampering(
            "a segment's link altered", "update segments set previous_hash = sha256('x') where segment = 2",
            .seal(segment: 2, reason: "it does not name the hash of the segment before it")),
    ]

    /// The event at position 8 has all members.
    private static let metadataTamperings = [
        "actor = 'ben'", "actor = null", "source = 'other'", "sequence = 6", "sequence = null", "trace_id = 'u'",
        "causation_id = '6'", "client_address = '::2'", "correlation_id = ''", "correlation_id = null",
        "trace_id = causation_id, causation_id = trace_id",
    ].map { change in
        Tampering(change, "update events set \(change) where position = 8", .altered(position: 8, segment: 1))
    }

    @Test(arguments: tamperings + metadataTamperings)
    func whatWasDoneBehindTheLogsBackIsFound(_ tampering: Tampering) async throws {
        try await SealFixture.with { log in
            try await log.append(35)
            try await log.seal()
            let before = try await log.finding()
            #expect(before == nil)
            try await log.tamper(tampering.sql)
            let after = try await log.finding()
            #expect(after == tampering.finding)
        }
    }

    /// 35 events that are sealed and three that are not.
    static let unsealedTamperings = [
        Tampering(
            "a time before the one before it",
            "update events set recorded_at = recorded_at - interval '1 day' where position = 37", .time(position: 37)),
        Tampering(
            "removed", "delete from events where position = 37", .removed(position: 37, segment: nil)),
        Tampering(
            "the end cut off", "delete from events where position > 37; update log_head set position = 37",
            .stream(name: "s1", recorded: 13, actual: 12)),
        Tampering(
            "a version altered", "update events set version = 50 where position = 37",
            .version(position: 37, stream: "s0", expected: 13, actual: 50)),
    ]

    @Test(arguments: unsealedTamperings)
    func gapsAreFoundInWhatIsNotSealedYet(_ tampering: Tampering) async throws {
        try await SealFixture.with { log in
            try await log.append(35)
            try await log.seal()
            try await log.append(3)
            try await log.tamper(tampering.sql)
            let found = try await log.finding()
            #expect(found == tampering.finding)
        }
    }

    @Test func anAlteredHashIsFound() async throws {
        try await SealFixture.with { log in
            try await log.append(20)
            try await log.seal()
            try await log.tamper("update segments set hash = sha256('x') where segment = 2")
            guard case .seal(segment: 2, _) = try await log.finding() else {
                Issue.record("the altered hash was not found")
                return
            }
        }
    }

    /// Anyone who alters an event and seals the log again is found out by a hash that was kept elsewhere.
    @Test func aLogThatWasSealedAnewIsFoundByAKeptHash() async throws {
        try await SealFixture.with { log in
            try await log.append(20)
            try await log.seal()
            let kept = try #require(try await log.verify().lastHash)
            try await log.tamper("update events set data = '{}' where position = 4; \(SealFixture.withoutSeals)")
            try await log.seal()
            let finding = try await log.finding()
            #expect(finding == nil)
            await #expect(throws: Verifier.Finding.self) { _ = try await log.verify(anchors: [2: kept]) }
            try await log.tamper("delete from segments where segment = 2")
            await #expect(throws: Verifier.Finding.self) { _ = try await log.verify(anchors: [2: kept]) }
        }
    }

    @Test func verificationGoesOnWhileEventsAreAppended() async throws {
        try await SealFixture.with { log in
            try await log.append(40)
            try await log.seal()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await log.append(60) }
                for _ in 0..<5 { _ = try await log.verify() }
                try await group.waitForAll()
            }
            #expect(try await log.verify().events == 100)
        }
    }

    static let refused = [
        "update events set data = '{}' where position = 3",
        "update events_000001 set data = '{}' where position = 3",
        "delete from events where position = 3",
        "delete from events_000002 where position = 23",
        "truncate events",
        "truncate only events_000001",
        "truncate events_000002",
        "update segments set hash = sha256('x')",
        "delete from segments",
        "truncate segments cascade",
        "update seals set root = sha256('x')",
        "delete from seals",
        "truncate seals",
        "truncate tree_nodes",
    ]

    @Test(arguments: refused)
    func theDatabaseRefusesToChangeThePast(_ sql: String) async throws {
        try await SealFixture.with { log in
            try await log.append(35)
            try await log.seal()
            let error = await #expect(throws: PostgresError.self) { try await log.connection.script(sql) }
            #expect(error?.sqlState == "23001")
            #expect(try await log.verify().events == 35)
        }
    }

    @Test func theSealerRefusesALogWithAHole() async throws {
        try await SealFixture.with { log in
            try await log.append(15)
            try await log.tamper("delete from events where position = 6")
            await #expect(throws: Sealer.Failure.missing(position: 6)) { try await log.seal() }
            let sealed = try await log.integer("select count(*) from segments")
            #expect(sealed == 0)
        }
    }
}
