import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Reading what is archived.
extension ArchiveTests {
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
                AuditTrail.Filter(), .init(streams: ["camera-8", "telemetry-8"]),
                .init(streams: ["camera-9", "telemetry-9"]), .init(type: "Thing"), .init(actor: "ben"),
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
}
