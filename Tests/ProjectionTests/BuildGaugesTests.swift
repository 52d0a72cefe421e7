import EventSourcing
import Metrics
import MetricsTestKit
import TestSupport
import Testing

@testable import Projector

@Suite(.timeLimit(.minutes(5))) struct BuildGaugesTests {
    private func value(_ label: String, _ build: Int64, _ state: String, in metrics: TestMetrics) -> Double? {
        let labels = [("projection", "tally"), ("build", "\(build)"), ("state", state)]
        // It is there once it has been recorded, until the build has another state.
        return (try? metrics.expectGauge(label, labels))?.lastValue
    }

    @Test func buildsOfEveryStageAreShown() async throws {
        let definition = try TallyProjection.definition(worth: 1)
        try await Harness.with { harness in
            try await harness.append(10)
            let metrics = TestMetrics()
            try await harness.withProjector([definition], metrics: metrics) { checkpoints in
                #expect(await checkpoints.wait(for: ["tally"], toReach: 10, timeout: timeout))
                let active = try #require(try await harness.builds(of: "tally").first).id
                while value("footfall_build_position", active, "active", in: metrics) != 10 { await Task.yield() }
                #expect(value("footfall_build_lag", active, "active", in: metrics) == 0)

                // Its session has it locked, so that nobody else fills it.
                let building = try await Build.create(definition, on: harness.connection)
                _ = try await building.advance(by: 4, on: harness.connection)
                while value("footfall_build_lag", building.id, "building", in: metrics) != 6 { await Task.yield() }
                #expect(value("footfall_build_position", building.id, "building", in: metrics) == 4)
                try await building.drop(on: harness.connection)
                while value("footfall_build_lag", building.id, "building", in: metrics) != nil { await Task.yield() }
            }
        }
    }
}
