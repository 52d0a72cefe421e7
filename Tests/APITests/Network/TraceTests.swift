import EventSourcing
import HTTPTypes
import OpenTelemetry
import Testing
import Tracing

@Suite(.timeLimit(.minutes(5))) struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    private func traceOfAnEvent(_ header: String?, tracer: W3CTracer = W3CTracer()) async throws -> String? {
        let stored = Stored()
        try await withTracer(tracer) {
            try await withCommands { api in
                let headers: HTTPFields = header.map { [.traceParent: $0] } ?? [:]
                #expect(try await api.post("/cameras", TestAPI.camera(), headers: headers).status == 201)
                let event = try #require(try await api.log.read(after: 0, limit: 1).first)
                await stored.set(EventMetadata(try JSON.parse(event.metadata)).traceID)
            }
        }
        return await stored.traceID
    }

    private actor Stored {
        var traceID: String?
        func set(_ id: String?) { traceID = id }
    }

    @Test(
        arguments: [
            "00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-00", "cc-\(trace)-\(parent)-01",
            "cc-\(trace)-\(parent)-01-what-comes-later",
        ])
    func eventBelongsToTheTraceOfItsRequest(header: String) async throws {
        #expect(try await traceOfAnEvent(header) == Self.trace)
    }

    @Test(
        arguments: [
            nil, "", "00", "ff-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-01-more", "00-\(trace)-\(parent)-0",
            "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
            "00-\(trace.uppercased())-\(parent)-01", "00-\(trace.dropLast())-\(parent)-01",
            "00-\(trace)-\(parent)-zz", "00_\(trace)_\(parent)_01", "cc-\(trace)-\(parent)-01.more",
        ] as [String?])
    func whatIsNoTraceIsIgnored(header: String?) async throws {
        #expect(try await traceOfAnEvent(header) == nil)
    }

    @Test func theAppendIsASpanBelowItsRequest() async throws {
        let queue = SpanQueue(batch: 2)
        let header = "00-\(Self.trace)-\(Self.parent)-01"
        #expect(try await traceOfAnEvent(header, tracer: W3CTracer(queue: queue)) == Self.trace)
        let spans = await queue.next()
        let (append, request) = (try #require(spans.first), try #require(spans.last))
        #expect(append.name == "append" && append.parent == request.context.span)
        #expect(append.attributes.get("footfall.events") == .int64(1))
        #expect(request.name == "/api/v1/cameras" && request.parent == 0x00F0_67AA_0BA9_02B7)
        #expect(request.attributes.get("http.request.method") == .string("POST"))
        #expect(request.attributes.get("http.response.status_code") == .int64(201))
        #expect(spans.allSatisfy { $0.context.traceID == Self.trace })
    }

    @Test func aTraceThatBeginsHereIsKeptWithTheEvent() async throws {
        let queue = SpanQueue(batch: 2)
        let trace = try await traceOfAnEvent(nil, tracer: W3CTracer(queue: queue))
        let spans = await queue.next()
        #expect(trace != nil && Set(spans.map(\.context.traceID)) == [trace])
    }
}
