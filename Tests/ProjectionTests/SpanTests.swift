import EventSourcing
import OpenTelemetry
import Postgres
import TestSupport
import Testing
import Tracing

@testable import Projector

@Suite(.timeLimit(.minutes(5))) struct SpanTests {
    @Test func aRangeThatIsAppliedIsASpan() async throws {
        try await Harness.with { harness in
            let ticks = (1...5).map { NewEvent(type: "Tick", data: ["n": .integer($0)]) }
            _ = try await harness.log.append(Append(to: "camera-1", events: ticks))
            let queue = SpanQueue(batch: 2)
            let build = try await withTracer(W3CTracer(queue: queue)) {
                let build = try await Build.create(Harness.definition("camera_state"), on: harness.connection)
                while try await !build.advance(by: 3, on: harness.connection).isAtHead {}
                _ = try await build.advance(by: 3, on: harness.connection)
                return build
            }
            let spans = await queue.next()
            #expect(spans.map(\.name) == ["apply camera_state", "apply camera_state"])
            #expect(spans.map { $0.attributes.get("footfall.from_position") } == [.int64(1), .int64(4)])
            #expect(spans.map { $0.attributes.get("footfall.to_position") } == [.int64(3), .int64(5)])
            #expect(spans.allSatisfy { $0.attributes.get("footfall.build") == .int64(build.id) && $0.parent == nil })
        }
    }
}
