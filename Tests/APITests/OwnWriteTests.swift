import Access
import HTTPTypes
import Projector
import TestSupport
import Testing

@testable import API
@testable import Postgres

/// What the log knows is there for every caller, while the read model of cameras has not come to it yet.
@Suite(.timeLimit(.minutes(5))) struct OwnWriteTests {
    /// Keeps the read model of cameras where it is.
    private struct Hold {
        let holder: Connection

        init(_ api: TestAPI, on holder: Connection) async throws {
            self.holder = holder
            let build = try await holder.query(
                "select build from projection_builds where projection = 'camera_state' and state = 'active'")[0]
            try await holder.query("begin")
            try await holder.query("lock table camera_state_b\(build.integer(0)).camera_state in share mode")
        }

        func end() async throws { try await holder.query("rollback") }
    }

    private func holding(
        _ authentication: Authentication = .off,
        _ prepare: @escaping @Sendable (TestAPI) async throws -> Void = { _ in },
        _ body: @escaping @Sendable (TestAPI, Hold) async throws -> Void
    ) async throws {
        try await withAPI(positionTimeout: .seconds(60), authentication: authentication) { api in
            try await prepare(api)
            try await #require(api.checkpoints).reach(try await api.log.head())
            try await #require(api.pool).withConnection { holder in
                try await body(api, try await Hold(api, on: holder))
            }
        }
    }

    /// What the requests are answered once the read model goes on; all of them wait for it.
    private func answers(
        _ hold: Hold, _ api: TestAPI, _ requests: [@Sendable () async throws -> Answer]
    ) async throws -> [Answer] {
        let checkpoints = try #require(api.checkpoints)
        return try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
            for (index, request) in requests.enumerated() { group.addTask { (index, try await request()) } }
            while checkpoints.waiting < requests.count { await Task.yield() }
            try await hold.end()
            var answers: [(Int, Answer)] = []
            for try await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static let export =
        #"{"kind":"hourly_counts","format":"csv","from":"2026-03-29T00:00:00Z","to":"2026-03-29T01:00:00Z"}"#

    private static let heartbeat = #"{"observed_at":"2026-03-29T11:59:30Z","status":"online"}"#

    private static let reads = [
        "", "/config", "/status", "/health", "/stream-info", "/counts", "/analytics", "/reports",
        "/metrics",
    ]

    @Test func everyReadOfANewCameraFindsIt() async throws {
        try await holding { api, hold in
            let id = try await api.register()
            for path in ["/counts/explain", "/history", "?version=1"] {
                #expect(try await api.get("/cameras/\(id)\(path)").status == 200, "read from the log")
            }
            var requests: [@Sendable () async throws -> Answer] = Self.reads.map { path in
                { try await api.get("/cameras/\(id)\(path)") }
            }
            requests.append { try await api.post("/cameras/\(id)/export", Self.export) }
            for (answer, path) in zip(try await answers(hold, api, requests), Self.reads + ["/export"]) {
                #expect(answer.status == 200, "\(path): \(answer.body)")
            }
        }
    }

    @Test func aCameraThatNeverWasIsWaitedForByNobody() async throws {
        try await holding { api, hold in
            try await api.register()
            for path in Self.reads {
                try await api.get("/cameras/99\(path)").expectProblem(404, "camera_not_found")
            }
            try await api.post("/cameras/99/export", Self.export).expectProblem(404, "camera_not_found")
            try await hold.end()
        }
    }

    @Test func aReadModelThatDoesNotComeIsNoProofOfAbsence() async throws {
        try await withAPI(positionTimeout: .milliseconds(20)) { api in
            try await #require(api.pool).withConnection { holder in
                let hold = try await Hold(api, on: holder)
                let id = try await api.register()
                for path in Self.reads {
                    let answer = try await api.get("/cameras/\(id)\(path)")
                    answer.expectProblem(503, "read_model_behind")
                    #expect(answer.header("Retry-After") == "1")
                }
                try await hold.end()
            }
        }
    }

    @Test func whoHasSeenAVersionIsShownNoOlderOne() async throws {
        try await holding {
            try await $0.register()
        } _: { api, hold in
            let renamed = try await api.put("/cameras/1", TestAPI.camera(name: "Exit"), ifMatch: "*")
            #expect(renamed.eTag == "\"2\"")
            // A version that the log never had is waited for by nobody.
            #expect(try await api.get("/cameras/1", headers: [.ifNoneMatch: "\"9\""])["version"] == 1)
            let position = try #require(renamed.header("Footfall-Position"))
            let answers = try await answers(
                hold, api,
                [
                    { try await api.get("/cameras/1", headers: [.ifNoneMatch: "W/\"1\", \"2\""]) },
                    { try await api.get("/cameras/1/config", headers: [.ifNoneMatch: "\"2\""]) },
                    { try await api.get("/cameras/1", headers: [.position: position]) },
                    { try await api.get("/cameras?min_position=1", headers: [.position: position]) },
                    { try await api.get("/cameras/1/status?min_position=\(position)", headers: [.position: "0"]) },
                ])
            #expect(answers.map(\.status) == [304, 304, 200, 200, 200])
            #expect(answers[2]["name"] == "Exit")
            #expect(answers[3]["items"]?.array?.first?["name"] == "Exit")
            #expect(answers[4]["version"] == 2)
        }
    }

    @Test(arguments: ["", "x", "-1", "01", "1, 2"])
    func aPositionSentBackIsAPosition(text: String) async throws {
        try await withAPI { api in
            for (method, path) in [(HTTPRequest.Method.get, "/cameras"), (.post, "/cameras/1/start")] {
                try await api.send(method, path, headers: [.position: text]).expectProblem(400, "malformed_header")
            }
        }
    }

    @Test func everyCommandTakesAPositionThatTheLogHas() async throws {
        try await withCommands { api in
            try await api.register()
            let commands = try #require(api.backend).routes.filter { $0.method != .get && $0.access != .open }
            #expect(commands.count > 15)
            for route in commands {
                let path = route.path.replacing("/:id", with: "/1").replacing("/:name", with: "/camera_state")
                for (query, headers) in [("?min_position=1000000", [:] as HTTPFields), ("", [.position: "1000000"])] {
                    let beyond = try await api.send(route.method, path + query, headers: headers)
                    beyond.expectProblem(422, "validation_failed")
                    #expect(beyond.faults == ["min_position out_of_range"], "\(route.path)")
                }
                let reached = try await api.send(route.method, path + "?min_position=1")
                #expect(!reached.faults.contains { $0.hasPrefix("min_position") }, "\(route.path) \(reached.body)")
            }
        }
    }

    @Test func aScopeHoldsFromTheInstantOfAChange() async throws {
        let tokens = try await TestTokens()
        let gate = TestAPI.camera(#""location":"Gate""#)
        try await holding(tokens.authentication) {
            try await $0.with(try tokens.all()).register(gate)
        } _: { api, hold in
            let all = api.with(try tokens.all())
            let hall = api.with(try tokens.token("ana", [.operator], [], .location("Hall")))
            let other = api.with(try tokens.token("eve", [.operator], [], .location("Ha")))
            let id = try await hall.register(TestAPI.camera(#""location":"Hall""#))
            #expect(id == 2)
            #expect(try await hall.post("/cameras/2/start", #"{"worker_id":"w1"}"#).status == 200)
            #expect(try await hall.get("/cameras/2/history").status == 200)
            try await other.post("/cameras/2/start").expectProblem(404, "camera_not_found")
            try await hall.post("/cameras/1/start").expectProblem(404, "camera_not_found")
            try await hall.post("/cameras/99/start").expectProblem(404, "camera_not_found")
            let assigned = try await hall.post("/workers/w1/assign", #"{"camera_ids":[1,2]}"#)
            #expect(
                assigned["results"]?.array?.map { $0["code"] ?? $0["outcome"] } == ["camera_not_found", "unchanged"])

            let (w1, w2) = (api.with(try tokens.worker("w1")), api.with(try tokens.worker("w2")))
            #expect(try await w1.post("/cameras/2/heartbeats", Self.heartbeat).status == 201)
            #expect(try await w1.patch("/cameras/2/status", #"{"status":"online"}"#, ifMatch: "*").status == 200)
            for refused in [
                try await w2.post("/cameras/2/heartbeats", "{}"),
                try await w2.patch("/cameras/2/status", #"{"status":"error"}"#, ifMatch: "*"),
                try await w1.post("/cameras/1/heartbeats", "{}"),
            ] { refused.expectProblem(404, "camera_not_found") }

            // The other way round too: what was moved away is out of reach at once.
            #expect(try await all.put("/cameras/1", TestAPI.camera(#""location":"Hall""#), ifMatch: "*").status == 200)
            #expect(try await hall.post("/cameras/1/start").status == 200)
            #expect(try await all.put("/cameras/1", gate, ifMatch: "*").status == 200)
            try await hall.post("/cameras/1/stop").expectProblem(404, "camera_not_found")

            #expect(try await all.delete("/cameras/2", ifMatch: "*").status == 204)
            let gone = try await answers(
                hold, api, [{ try await hall.get("/cameras/2") }, { try await other.get("/cameras/2") }])
            gone[0].expectProblem(410, "camera_removed")
            gone[1].expectProblem(404, "camera_not_found")
        }
    }

    @Test func whatWasAssignedIsReleasedAndShownAtOnce() async throws {
        try await holding {
            try await $0.register()
        } _: { api, hold in
            #expect(try await api.post("/workers/w1/assign", #"{"camera_ids":[1]}"#).status == 200)
            let answers = try await answers(
                hold, api, [{ try await api.post("/workers/w1/release") }, { try await api.get("/workers/w1") }])
            #expect(answers[0]["results"]?.array?.map { $0["outcome"] } == ["released"], "\(answers[0].body)")
            #expect(answers[1]["assigned"] == 1, "\(answers[1].body)")
            try await api.get("/workers/w2").expectProblem(404, "worker_not_found")
        }
    }

    @Test func anExportHasTheCamerasThatTheLogHas() async throws {
        try await holding { api, hold in
            try await api.register(TestAPI.camera(#""location":"Hall""#))
            let reading =
                #"{"observed_at":"2026-03-29T11:00:00Z","line":"door","class":"person","count_in":1,"count_out":0}"#
            #expect(try await api.post("/cameras/1/counts", reading).status == 201)
            let form =
                #"{"kind":"readings","format":"csv","from":"2026-03-29T00:00:00Z","to":"2026-03-30T00:00:00Z","location":"Hall"}"#
            let answers = try await answers(hold, api, [{ try await api.post("/export", form) }])
            #expect(answers[0].status == 200)
            #expect(answers[0].body.split(separator: "\r\n").count == 2, "\(answers[0].body)")
        }
    }
}

extension Checkpoints {
    /// Waits until all read models of cameras reflect a position.
    fileprivate func reach(_ position: Int64) async throws {
        try #require(await wait(for: ["camera_state"], toReach: position, timeout: .seconds(60)))
    }
}
