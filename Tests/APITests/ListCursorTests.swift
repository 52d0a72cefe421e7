import EventSourcing
import Postgres
import Testing

@testable import API

/// Walks through lists by cursors.
@Suite struct ListCursorTests {
    /// Follows `next_after`, and the `Link` beside it, to the end.
    private func walk(
        _ path: String, of api: TestAPI, items: String = "items", id: String = "id",
        between: (Int) async throws -> Void = { _ in }
    ) async throws -> [JSON] {
        var after = ""
        var found: [JSON] = []
        for round in 1...100 {
            let answer = try await api.get("\(path)&after=\(after)")
            try #require(answer.status == 200, "\(answer.body)")
            found += (answer[items]?.array ?? []).compactMap { $0[id] }
            let link = answer.header("Link") ?? ""
            guard let next = answer["next_after"]?.string else {
                #expect(answer["next_after"] == .null && !link.contains("rel=\"next\""))
                return found
            }
            #expect(link.contains("after=\(next)&") && link.contains("rel=\"next\"") && !link.contains("skip="))
            after = next
            try await between(round)
        }
        Issue.record("the walk does not end")
        return found
    }

    @Test func everyOrderIsWalkedAsItIsSkipped() async throws {
        try await withAPI { api in
            for index in 0..<23 {
                // Some of each name, so that ids decide.
                try await api.register(TestAPI.camera(name: "Été \(index % 5)"))
                if index % 3 == 0 { _ = try await api.post("/cameras/\(index + 1)/start") }
                if index % 4 == 0 {
                    _ = try await api.patch("/cameras/\(index + 1)/status", #"{"status":"online"}"#, ifMatch: "*")
                }
            }
            let head = try await api.log.head()
            for order in CameraList.Order.allCases {
                let path = "/cameras?sort=\(order.rawValue)"
                let whole = try await api.get("\(path)&limit=100&min_position=\(head)")
                let ids = (whole["items"]?.array ?? []).compactMap { $0["id"] }
                #expect(ids.count == 23)
                for limit in [1, 5, 23, 100] {
                    #expect(try await walk("\(path)&limit=\(limit)", of: api) == ids, "\(order) by \(limit)")
                }
            }
            let filtered = try await walk("/cameras?sort=-name&status=online&search=t%C3%A9&limit=2", of: api)
            #expect(Set(filtered).count == 6 && filtered.count == 6)
        }
    }

    /// By offset, the camera after a page's end moves into the page that was shown.
    @Test func nothingThatStaysIsLeftOutWhileOthersMoveAndGo() async throws {
        try await withAPI { api in
            for index in 10..<40 { try await api.register(TestAPI.camera(name: "Camera \(index)")) }
            _ = try await api.get("/cameras?min_position=30")
            let found = try await walk("/cameras?sort=name&limit=4", of: api) { round in
                let id = round == 1 ? 1 : round * 2
                _ = try await api.delete("/cameras/\(id)", ifMatch: "*")
                let renamed = try await api.patch("/cameras/\(id + 1)", #"{"name":"Zoo"}"#, ifMatch: "*")
                let position = max(renamed.position ?? 0, try await api.log.head())
                _ = try await api.get("/cameras?min_position=\(position)")
            }
            #expect(Set(found).isSuperset(of: (20...30).map { JSON.integer($0) }))
        }
    }

    @Test func workersAndTheirCamerasAreWalked() async throws {
        try await withAPI { api in
            for index in 1...7 {
                try await api.register()
                _ = try await api.post("/workers/w\(index)/assign", #"{"camera_ids":[\#(index)]}"#)
            }
            _ = try await api.post("/workers/w1/assign", #"{"camera_ids":[3,5,7]}"#)
            let head = try await api.log.head()
            let workers = try await walk("/workers?limit=2&min_position=\(head)", of: api)
            #expect(workers == ["w1", "w2", "w4", "w6"])
            let cameras = try await walk("/workers/w1?limit=2", of: api, items: "cameras", id: "camera_id")
            #expect(cameras == [1, 3, 5, 7])
        }
    }

    @Test func aCursorOfAnotherListIsAFault() async throws {
        try await withAPI { api in
            for _ in 0..<3 { try await api.register() }
            let page = try await api.get("/cameras?sort=name&limit=1&after=&min_position=3")
            let cursor = try #require(page["next_after"]?.string)
            let forged = ListCursor(order: "created_at", value: "9223372036854775807", id: "1").token
            for query in [
                "after=\(cursor)", "after=\(cursor)&sort=-name", "after=x", "after=%00",
                "sort=created_at&after=\(forged)",
                "after=\(ListCursor(order: "id", value: nil, id: "x").token)",
                "after=\(ListCursor(order: "id", value: "1", id: "1").token)",
            ] {
                let answer = try await api.get("/cameras?\(query)")
                answer.expectProblem(422, "validation_failed")
                #expect(answer.faults.allSatisfy { $0.hasPrefix("after ") }, "\(query) \(answer.body)")
            }
            #expect(try await api.get("/cameras?skip=0&after=").faults == ["after too_many"])
            #expect(try await api.get("/workers?after=\(cursor)").faults == ["after malformed"])
        }
    }
}
