import Counting
import EventLog
import EventSourcing
import Foundation
import MetricsTestKit
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// That checking a camera finds what is wrong with its rows, and nothing where nothing is.
@Suite(.timeLimit(.minutes(5))) struct SampleCheckTests {
    /// A history of some cameras, all read models built from it.
    private func withReadModels(
        seed: UInt64, _ body: @Sendable (Harness, [Int64]) async throws -> Void
    ) async throws {
        try await Harness.with { harness in
            try await makeSmallSegments(10, partition: 50, on: harness.connection)
            // With a camera that was erased after its removal.
            let history = try RandomHistory.appends(300, seed: seed) { $0.stream.rawValue.hasPrefix("erasure-") }
            try await harness.append(history)
            for name in Harness.names {
                try await Rebuild(Harness.definition(name), on: harness.target, logger: .silent).run()
            }
            let cameras = try await harness.connection.query(
                "select substr(name, 8)::bigint from streams where name like 'camera-%'")
            try await body(harness, cameras.map { try $0.integer(0) })
        }
    }

    private func check(
        _ name: String, _ camera: Int64, in harness: Harness, maximumEvents: Int64 = 10_000
    ) async throws -> SampleCheck.Result {
        try await SampleCheck(
            definition: Harness.definition(name), cameras: CameraID.streamFamily, maximumEvents: maximumEvents
        )
        .run(camera: camera, on: harness.connection)
    }

    private func compared(_ name: String, _ camera: Int64, in harness: Harness) async throws -> [TableDifferences] {
        guard case .compared(let outcome) = try await check(name, camera, in: harness) else {
            Issue.record("camera \(camera) was not compared")
            return []
        }
        return outcome.tables
    }

    @Test(arguments: Harness.names)
    func everyCameraIsWhatItsEventsMakeOfItArchivedOrNot(_ name: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder of temporary files may stay
        try await withReadModels(seed: 21) { harness, cameras in
            #expect(cameras.count > 5)
            let erased = try await harness.connection.query(
                "select count(*) from streams where name like 'erasure-%'")[0].integer(0)
            #expect(erased > 0)
            for isArchived in [false, true] {
                if isArchived {
                    try await Sealer(on: harness.target, logger: .silent).sealAll()
                    try await Archiver(on: harness.target, logger: .silent).archive(
                        before: .position(201), to: folder, level: 3)
                }
                var rows: Int64 = 0
                for camera in cameras {
                    let tables = try await compared(name, camera, in: harness)
                    #expect(!tables.isEmpty)
                    #expect(tables.filter { !$0.isEqual }.map(\.table) == [], "camera \(camera)")
                    rows += tables.map(\.activeRows).reduce(0, +)
                }
                #expect(rows > 0)
            }
            let left = try await harness.connection.query(
                "select count(*) from pg_namespace where nspname like '%check'")[0].integer(0)
            #expect(left == 0)
        }
    }

    @Test func anErasureAfterTheRemovalBelongsToTheCamera() async throws {
        try await Harness.with { harness in
            let camera = try CameraID(1)
            let configuration = CameraConfiguration(
                address: try StreamAddress("rtsp://10.0.0.1/a", type: .rtsp).with(.kept(SecretID("c0ffee"))))
            let description = CameraDescription(name: CameraName(stored: "Entrance"))
            let handler = CommandHandler<Camera>(log: harness.log)
            let metadata = EventMetadata(actor: "ana")
            _ = try await handler.handle(
                .register(camera, description, configuration), on: camera.stream, metadata: metadata)
            _ = try await handler.handle(.remove(reason: nil, erasing: false), on: camera.stream, metadata: metadata)
            try await harness.append([
                Append(
                    to: camera.erasureStream, expecting: .noStream, events: [Camera.encode(.erased(camera))],
                    metadata: metadata)
            ])
            let definition = try Harness.definition("camera_state")
            try await Rebuild(definition, on: harness.target, logger: .silent).run()
            let differences = try await compared("camera_state", camera.number, in: harness)
            #expect(differences.contains { $0.table == "camera_state" })
            #expect(differences.filter { !$0.isEqual }.isEmpty)
            let erased = try await harness.connection.query(
                "select position = 3 and stream_credentials_id is null from read.camera_state")[0].bool(0)
            #expect(erased)
        }
    }

    private func hourlyCounts(of camera: Int64, in harness: Harness) async throws -> TableDifferences {
        let tables = try await compared("hourly_counts", camera, in: harness)
        return try #require(tables.first { $0.table == "hourly_counts" })
    }

    @Test func whatWasAlteredDeletedOrAddedIsFoundAtItsCamera() async throws {
        try await withReadModels(seed: 22) { harness, cameras in
            let rows = try await harness.connection.query(
                "select camera_id from read.hourly_counts group by camera_id order by count(*) desc limit 3")
            try #require(rows.count == 3)
            let ids = try rows.map { try $0.integer(0) }
            try await harness.connection.script(
                """
                update read.hourly_counts set count_out = count_out + 1 where camera_id = \(ids[0]);
                delete from read.hourly_counts where camera_id = \(ids[1]);
                insert into read.hourly_counts (camera_id, line, class, bucket_start, count_in, count_out, readings)
                values (\(ids[2]), 'ghost', 'person', '2026-01-01Z', 1, 0, 1)
                """)
            let altered = try await hourlyCounts(of: ids[0], in: harness)
            #expect(altered.count(.changed) == altered.activeRows)
            let deleted = try await hourlyCounts(of: ids[1], in: harness)
            #expect(deleted.activeRows == 0)
            #expect(deleted.count(.added) == deleted.rebuiltRows)
            #expect(deleted.rebuiltRows > 0)
            let added = try await hourlyCounts(of: ids[2], in: harness)
            #expect([added.count(.added), added.count(.removed), added.count(.changed)] == [0, 1, 0])
            #expect(added.samples.first?.key?["line"] == "ghost")
            for camera in cameras where !ids.contains(camera) {
                #expect(try await hourlyCounts(of: camera, in: harness).isEqual)
            }
        }
    }

    @Test func whatCannotBeCheckedIsLeftAlone() async throws {
        try await withReadModels(seed: 23) { harness, cameras in
            let camera = try #require(cameras.first)
            guard
                case .tooLarge(camera, let events) = try await check(
                    "camera_state", camera, in: harness, maximumEvents: 0)
            else {
                Issue.record("a camera with too many events was folded")
                return
            }
            #expect(events > 0)
            guard case .nothingToCompare = try await check("camera_state", 999, in: harness) else {
                Issue.record("a camera that is not there was compared")
                return
            }
            // A build of another release's SQL is none of this one's business.
            try await harness.connection.script("update projection_builds set definition = 'other'")
            guard case .nothingToCompare = try await check("camera_state", camera, in: harness) else {
                Issue.record("a build of another definition was compared")
                return
            }
        }
    }

    @Test func everyCameraHasItsChance() async throws {
        try await withReadModels(seed: 24) { harness, cameras in
            try await harness.connection.query("select setval('camera_ids', $1)", [.integer(cameras.max() ?? 1)])
            var random = SeededGenerator(seed: 1)
            var drawn: Set<Int64> = []
            for _ in 0..<40 * cameras.count {
                let camera = try await SampleCheck.randomCamera(
                    of: CameraID.streamFamily, on: harness.connection, using: &random)
                drawn.insert(try #require(camera))
            }
            #expect(drawn == Set(cameras))
        }
    }

    @Test func differencesAreCountedAndWarnedOfWithTheirKey() async throws {
        try await withReadModels(seed: 25) { harness, _ in
            try await harness.connection.script("update read.camera_state set name = name || '!'")
            let (metrics, log) = (TestMetrics(), LogRecord())
            let definitions = [try Harness.definition("camera_state"), try Harness.definition("health_summary")]
            let checks = SampleChecks(
                definitions, of: CameraID.streamFamily, on: harness.target, every: .milliseconds(1), metrics: metrics,
                logger: log.logger)
            let run = Task { await checks.run() }
            while !metrics.counters.contains(where: { $0.dimensions.contains { $0 == ("outcome", "equal") } })
                || !metrics.counters.contains(where: { $0.dimensions.contains { $0 == ("outcome", "different") } })
            {
                try Task.checkCancellation()
                try await harness.connection.query("select pg_sleep(0.01)")
            }
            run.cancel()
            await run.value
            let outcomes = Set(
                metrics.counters.map { counter in
                    "\(counter.label) " + counter.dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
                })
            #expect(
                outcomes == [
                    "footfall_projection_checks_total projection=camera_state outcome=different",
                    "footfall_projection_checks_total projection=health_summary outcome=equal",
                ])
            let warning = try #require(log.lines.first { $0.level == .warning })
            #expect(warning.metadata["projection"] == "camera_state")
            #expect(warning.metadata["table"] == "camera_state")
            #expect(warning.metadata["key"]?.hasPrefix(#"{"camera_id":"#) == true)
        }
    }
}
