import EventLog
import EventSourcing
import Foundation
import MetricsTestKit
import TestSupport
import Testing

@testable import Postgres
@testable import Projector

/// Leaving out the event, for good.
extension StoppedProjectionTests {
    @Test func onlyTheProjectionStopsAndGoesOnWhenTheEventIsSkipped() async throws {
        try await Harness.with { harness in
            try await append(good(10) + [Self.text] + good(10), to: harness)
            let lenient = try total("lenient", number: "1")
            let metrics = TestMetrics()
            @Sendable func gauges() -> [Double?] {
                ["building", "active"].map { state in
                    let labels = [("projection", "total"), ("state", state)]
                    // It is there once it has been recorded.
                    return (try? metrics.expectGauge("footfall_projection_stopped", labels))?.lastValue
                }
            }
            try await harness.withProjector([total(), lenient], metrics: metrics) { checkpoints in
                // Its first build stops before it was ever active.
                let stopped = try await waitsForStop(of: "total", in: harness)
                #expect(stopped.position == 11)
                #expect(await checkpoints.wait(for: ["lenient"], toReach: 21, timeout: timeout))

                #expect(try await skip(stopped, harness) == .skipped(recordedAt: 22))
                #expect(await checkpoints.wait(for: ["total"], toReach: 22, timeout: timeout))
                #expect(try await totals(harness) == [20, 20])
                #expect(try await stop(of: "total", harness) == nil)

                // The same again while it is active.
                try await append(good(1) + [Self.text] + good(1), to: harness)
                let again = try await waitsForStop(of: "total", in: harness)
                #expect(again.position == 24)
                #expect(try await totals(harness) == [21, 21])
                while gauges() != [0, 1] { await Task.yield() }
                #expect(try await skip(again, harness) == .skipped(recordedAt: 26))
                #expect(await checkpoints.wait(for: ["total"], toReach: 26, timeout: timeout))
                #expect(try await totals(harness) == [22, 22])
                while gauges() != [0, 0] { await Task.yield() }
            }
            let event = try #require(try await harness.log.readAll("projection-total").first)
            #expect(event.type == "ProjectionEventSkipped")
            #expect(try JSON.parse(event.metadata)["actor"] == "ana")
        }
    }

    /// However the events are split, and however the SQL has changed since.
    @Test func everyLaterBuildLeavesOutWhatWasSkipped() async throws {
        try await Harness.with { harness in
            try await append([Self.text] + good(5) + [Self.text, Self.text] + good(5) + [Self.text], to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            var skipped: [Int64] = []
            while true {
                do {
                    if try await build.advance(by: 4, on: harness.connection).isAtHead { break }
                } catch let stopped as StoppedAtEvent {
                    skipped.append(stopped.position)
                    guard case .skipped = try await skip(stopped, harness) else {
                        Issue.record("\(stopped) was not skipped")
                        break
                    }
                }
            }
            #expect(skipped == [1, 7, 8, 14])
            try await build.drop(on: harness.connection)
            for definition in [try total(), try total(number: "coalesce(nullif(data ->> 'n', 'many')::bigint, 100)")] {
                for steps in [[.max], [1], [3], [2, 5, 1]] as [[Int64]] {
                    let rows = try await harness.rows(of: definition, steps: steps)
                    #expect(rows == [#"total {"total": 10, "events": 10, "only_row": true}"#], "in steps of \(steps)")
                }
            }
        }
    }

    @Test func onlyTheEventAtWhichItStoppedIsSkipped() async throws {
        try await Harness.with { harness in
            try await append(good(3) + [Self.text] + good(3), to: harness)
            let build = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            let stopped = try #require(error)
            func skip(_ position: Int64) async throws -> Skip.Outcome {
                try await Skip.record(
                    NewEvent(type: "ProjectionEventSkipped", data: ["error": .string(stopped.error)]),
                    by: nil, skipping: position, of: "total", on: harness.connection)
            }
            #expect(try await skip(5) == .notStopped)
            #expect(try await skip(3) == .applied(build: build.id))
            #expect(try await harness.log.head() == 7)
            #expect(try await skip(4) == .skipped(recordedAt: 8))
            #expect(try await skip(4) == .skippedBefore(recordedAt: 8))
            #expect(try await harness.log.head() == 8)
        }
    }

    /// Were it skipped, the build that took the event would differ from a rebuild.
    @Test func anEventThatAnotherBuildTookIsNotSkipped() async throws {
        try await Harness.with { harness in
            try await append(good(3) + [Self.text], to: harness)
            let active = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                _ = try await active.advance(by: .max, on: harness.connection)
            }
            let stopped = try #require(error)
            try await harness.connection.query("update projection_builds set state = 'active'")
            let mended = try await Build.create(total(number: "1"), on: harness.connection)
            _ = try await mended.advance(by: .max, on: harness.connection)
            #expect(try await skip(stopped, harness) == .applied(build: mended.id))
        }
    }

    @Test func archivedEventsAreFoundAndSkippedAlike() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // it may never have been made
        try await Harness.with { harness in
            try await makeSmallSegments(10, partition: 50, on: harness.connection)
            try await append(good(16) + [Self.text] + good(43), to: harness)
            try await Sealer(on: harness.target, logger: .silent).sealAll()
            try await Archiver(on: harness.target, logger: .silent).archive(
                before: .position(51), to: folder, level: 3)
            let build = try await Build.create(total(), on: harness.connection)
            let error = await #expect(throws: StoppedAtEvent.self) {
                _ = try await build.advance(by: .max, on: harness.connection)
            }
            let stopped = try #require(error)
            #expect(stopped.position == 17)
            #expect(stopped.type == "E")
            #expect(try await skip(stopped, harness) == .skipped(recordedAt: 61))
            for steps in [[.max], [1], [7]] as [[Int64]] {
                try await harness.connection.query("delete from projection_builds")
                try await harness.connection.script("drop schema if exists \(build.schema) cascade")
                let rows = try await harness.rows(of: total(), steps: steps)
                #expect(rows == [#"total {"total": 59, "events": 59, "only_row": true}"#], "in steps of \(steps)")
            }
            let left = try await harness.connection.query("select count(*) from archived_events")[0].integer(0)
            #expect(left == 0)
        }
    }
}
