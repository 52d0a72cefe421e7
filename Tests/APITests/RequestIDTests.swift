import EventSourcing
import Testing

@Suite struct RequestIDTests {
    @Test func eachRequestHasAUUID() async throws {
        try await withCommands { api in
            var ids: Set<String> = []
            for _ in 0..<3 { ids.insert(try await api.get("/nothing").headers[.requestID] ?? "") }
            #expect(ids.count == 3)
            let uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
            #expect(ids.allSatisfy { $0.wholeMatch(of: uuid) != nil })
        }
    }
}
