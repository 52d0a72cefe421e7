import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// That a read model filled from the archive is the one that was filled from the tables.
@Suite(.enabled(if: Tier.isWhole)) struct ArchivedRebuildTests {
    /// A history of 250 events or a few more, of which 200 are archived when `body` has done its part on all of them.
    private func withArchive(
        _ before: @Sendable (Harness) async throws -> Void, then after: @Sendable (Harness, URL) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Harness.with { harness in
            try await makeSmallSegments(10, partition: 50, on: harness.connection)
            var history = RandomHistory(seed: 11)
            try await harness.append(history.appends(250))
            try await before(harness)
            try await Sealer(on: harness.target, logger: .silent).sealAll()
            try await Archiver(on: harness.target, logger: .silent).archive(
                before: .position(201), to: folder, level: 3)
            let archived = try await harness.connection.query("select archived_to from log_head")[0].integer(0)
            #expect(archived == 200)
            try await after(harness, folder)
        }
    }

    private actor Rows {
        private(set) var rows: [String] = []
        func keep(_ rows: [String]) { self.rows = rows }
    }

    @Test(arguments: Harness.names)
    func aRebuildAfterArchivingGivesTheSameRows(_ name: String) async throws {
        let definition = try Harness.definition(name)
        let kept = Rows()
        try await withArchive { harness in
            await kept.keep(try await harness.rows(of: definition, steps: [.max]))
        } then: { harness, _ in
            let expected = await kept.rows
            #expect(!expected.isEmpty)
            for steps in [[.max], [1], [17], [50], [3, 120, 1, 1, 64]] as [[Int64]] {
                let rows = try await harness.rows(of: definition, steps: steps)
                #expect(rows == expected, "in steps of \(steps)")
            }
            let left = try await harness.connection.query("select count(*) from archived_events")[0].integer(0)
            #expect(left == 0)
        }
    }

    @Test(arguments: Harness.names)
    func readersSeeARebuildFromTheArchiveAsTheLiveBuild(_ name: String) async throws {
        let definition = try Harness.definition(name)
        try await withArchive { harness in
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
        } then: { harness, _ in
            let live = try #require(try await Build.all(of: name, on: harness.connection).first)
            let rows = try await harness.rows(in: live.schema)
            try await Rebuild(definition, on: harness.target, eventsPerStep: 33, logger: .silent).run()
            let builds = try await Build.all(of: name, on: harness.connection)
            let rebuilt = try #require(builds.first { $0.state == .active })
            #expect(rebuilt.id > live.id)
            #expect(try await harness.rows(in: rebuilt.schema) == rows)
        }
    }

    @Test func aRebuildStopsAtABadFile() async throws {
        let name = try #require(Harness.names.first)
        let definition = try Harness.definition(name)
        try await withArchive { harness in
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
        } then: { harness, folder in
            let active = try #require(try await Build.all(of: name, on: harness.connection).first)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            try FileManager.default.removeItem(at: folder.appending(path: files[7]))
            let error = await #expect(throws: BadSegmentFile.self) {
                try await Rebuild(definition, on: harness.target, eventsPerStep: 30, logger: .silent).run()
            }
            #expect(error?.segment == 8)
            let builds = try await Build.all(of: name, on: harness.connection)
            #expect(builds.first { $0.state == .active }?.id == active.id)
            // Up to the step that needed the file.
            #expect(builds.first { $0.state == .building }?.position == 60)
        }
    }

    /// Applying goes on in several statements; no partition may go or come back between them.
    @Test func archivingWaitsForAStepThatIsBeingApplied() async throws {
        let name = try #require(Harness.names.first)
        let definition = try Harness.definition(name)
        try await withArchive { _ in
        } then: { harness, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let expected = try await harness.rows(of: definition, steps: [.max])
                group.addTask {
                    let archiver = Archiver(on: harness.target, logger: .silent)
                    let folder = FileManager.default.temporaryDirectory
                    for _ in 0..<10 {
                        try await archiver.restore(from: 1)
                        try await archiver.archive(before: .position(201), to: folder, level: 3)
                    }
                }
                for _ in 0..<5 {
                    let rows = try await harness.rows(of: definition, steps: [23])
                    #expect(rows == expected)
                }
                try await group.waitForAll()
            }
        }
    }
}
