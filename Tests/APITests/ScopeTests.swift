import Access
import EventSourcing
import Testing

/// What tokens for some cameras show and change.
@Suite struct ScopeTests {
    /// Three cameras: 1 in the hall (worker w1), 2 in the hall, 3 at the gate (worker w1, then w2).
    private func withCameras(_ body: @escaping @Sendable (TestAPI, TestTokens) async throws -> Void) async throws {
        let tokens = try await TestTokens()
        try await withAPI(clocked: true, authentication: tokens.authentication) { api in
            let all = api.with(try tokens.all())
            for location in ["Hall", "Hall", "Gate"] {
                try await all.register(TestAPI.camera(#""location":"\#(location)""#))
            }
            for (camera, worker) in [(1, "w1"), (3, "w1"), (3, "w2")] {
                let started = try await all.post("/cameras/\(camera)/restart", #"{"worker_id":"\#(worker)"}"#)
                try #require(started.status == 200, "\(started.body)")
                #expect(try await all.get("/cameras?min_position=\(try #require(started.position))").status == 200)
            }
            try await body(api, tokens)
        }
    }

    private static let views: [(Scope, [Int64])] = [
        (.all, [1, 2, 3]), (.cameras([2, 3, 99]), [2, 3]), (.cameras([]), []), (.location("Hall"), [1, 2]),
        (.location("Hal"), []), (.assigned(worker: "w1"), [1, 3]), (.assigned(worker: "w2"), [3]),
    ]

    @Test func listsAndTotalsLeaveOutWhatIsOutside() async throws {
        try await withCameras { api, tokens in
            for (scope, ids) in Self.views {
                let mine = api.with(try tokens.token("ana", [], [.read], scope))
                let list = try await mine.get("/cameras?limit=1")
                #expect(list["total"] == .integer(Int64(ids.count)), "\(scope)")
                #expect(list.header("Link")?.contains("rel=\"next\"") == (ids.count > 1))
                let whole = try await mine.get("/cameras?limit=100&search=Entrance&sort=-id")
                #expect(whole["items"]?.array?.compactMap { $0["id"]?.integer } == ids.reversed(), "\(scope)")
                let summary = try await mine.get("/cameras/health/summary")
                #expect(summary["total"] == .integer(Int64(ids.count)), "\(summary.body)")
            }
        }
    }

    @Test func aCameraIsRegisteredOnlyWithinTheScope() async throws {
        try await withCameras { api, tokens in
            func register(_ scope: Scope, _ location: String?) async throws -> Answer {
                let body = TestAPI.camera(location.map { #""location":"\#($0)""# } ?? "")
                return try await api.with(tokens.token("ana", [.operator], [], scope)).post("/cameras", body)
            }
            #expect(try await register(.location("Hall"), "Hall").status == 201)
            for location in ["Gate", "hall", nil] {
                try await register(.location("Hall"), location).expectProblem(403, "forbidden")
            }
            try await register(.cameras([1, 2]), "Hall").expectProblem(403, "forbidden")
        }
    }

    @Test func aCameraStaysWithinTheScope() async throws {
        try await withCameras { api, tokens in
            let hall = api.with(try tokens.token("ana", [.operator], [], .location("Hall")))
            let body = { (location: String) in TestAPI.camera(#""location":"\#(location)""#) }
            try await hall.put("/cameras/1", body("Gate"), ifMatch: "*").expectProblem(403, "forbidden")
            try await hall.put("/cameras/1", TestAPI.camera(), ifMatch: "*").expectProblem(403, "forbidden")
            try await hall.put("/cameras/3", body("Hall"), ifMatch: "*").expectProblem(404, "camera_not_found")
            #expect(try await hall.put("/cameras/1", body("Hall"), ifMatch: "*").status == 200)
            let one = api.with(try tokens.token("ana", [.operator], [], .cameras([1])))
            #expect(try await one.put("/cameras/1", body("Gate"), ifMatch: "*").status == 200)
        }
    }

    private static func reading(_ source: String?) -> String {
        let key = source.map { #""source":"\#($0)","sequence":1,"# } ?? ""
        return
            #"{\#(key)"observed_at":"2026-03-29T11:00:00Z","line":"door","class":"person","count_in":1,"count_out":0}"#
    }

    @Test func workersReportForTheirCamerasOnly() async throws {
        try await withCameras { api, tokens in
            let (w1, w2) = (api.with(try tokens.worker("w1")), api.with(try tokens.worker("w2")))
            // w1 had camera 3 last: what it counted until then still counts.
            for (api, camera) in [(w1, 1), (w1, 3), (w2, 3)] {
                for _ in 0..<2 {
                    #expect(try await api.post("/cameras/\(camera)/counts", Self.reading(nil)).status == 201)
                }
            }
            for (api, camera) in [(w1, 2), (w2, 1), (w2, 2), (w2, 99)] {
                try await api.post("/cameras/\(camera)/counts", Self.reading(nil)).expectProblem(
                    404, "camera_not_found")
                try await api.post("/cameras/\(camera)/heartbeats", "{}").expectProblem(404, "camera_not_found")
            }
        }
    }

    @Test func aWorkerReportsUnderItsOwnName() async throws {
        try await withCameras { api, tokens in
            let w2 = api.with(try tokens.worker("w2"))
            for source in ["w2", "w2:1774785600000:1", "w2:file:1:abc"] {
                #expect(try await w2.post("/cameras/3/counts", Self.reading(source)).status == 201)
            }
            for source in ["w1", "w1:1", "w20", "W2:1", "file:1:abc", "w2 :1"] {
                try await w2.post("/cameras/3/counts", Self.reading(source)).expectProblem(403, "forbidden")
            }
        }
    }

    /// Forged numbers of another source would make its next readings look like repetitions.
    @Test func whoeverIsLimitedReportsUnderItsOwnName() async throws {
        try await withCameras { api, tokens in
            for scope in [Scope.cameras([1]), .location("Hall")] {
                let device = api.with(try tokens.token("gate-3", [], [.report], scope))
                for source in ["gate-3", "gate-3:boot7"] {
                    let answer = try await device.post("/cameras/1/counts", Self.reading(source))
                    #expect([201, 409].contains(answer.status), "\(answer.body)")
                }
                for source in ["w1", "w1:run7", "gate-30", "gate-3 :1"] {
                    try await device.post("/cameras/1/counts", Self.reading(source)).expectProblem(403, "forbidden")
                }
                #expect(try await device.post("/cameras/1/counts", Self.reading(nil)).status == 201)
            }
            let gateway = api.with(try tokens.token("gateway", [], [.report]))
            #expect(try await gateway.post("/cameras/1/counts", Self.reading("any-device")).status == 201)
        }
    }

    @Test func aWorkerSetsTheStateOfTheCameraThatItHasAndGivesItselfNone() async throws {
        try await withCameras { api, tokens in
            let (w1, w2) = (api.with(try tokens.worker("w1")), api.with(try tokens.worker("w2")))
            #expect(try await w2.patch("/cameras/3/status", #"{"status":"online"}"#, ifMatch: "*").status == 200)
            // It is not w1's any more.
            try await w1.patch("/cameras/3/status", #"{"status":"error"}"#, ifMatch: "*")
                .expectProblem(404, "camera_not_found")
            try await w1.post("/cameras/3/stop").expectProblem(404, "camera_not_found")
            for path in ["/cameras/3/start", "/cameras/3/restart", "/cameras/1/start"] {
                try await w1.post(path, #"{"worker_id":"w1"}"#).expectProblem(403, "forbidden")
            }
            #expect(try await w2.post("/cameras/3/stop").status == 200)
        }
    }

    /// Of a worker that has cameras within and without, only those within are told of, in its totals too.
    @Test func workersAreShownByTheCamerasWithinTheScope() async throws {
        try await withCameras { api, tokens in
            let all = api.with(try tokens.all())
            try await all.register(TestAPI.camera(#""location":"Gate""#, name: "Hidden"))
            _ = try await all.post("/workers/w1/assign", #"{"camera_ids":[4]}"#)
            try await api.advance(by: .seconds(91))
            try await HealthTests.beat("2026-03-29T12:01:31Z", "online", camera: 4, to: all)
            let head = try await api.log.head()
            let views: [(scope: Scope, workers: [String: [Int64]])] = [
                (.all, ["w1": [1, 4], "w2": [3]]), (.location("Hall"), ["w1": [1]]), (.location("Hal"), [:]),
                (.location("Gate"), ["w1": [4], "w2": [3]]), (.cameras([1, 2, 99]), ["w1": [1]]),
                (.cameras([3]), ["w2": [3]]), (.cameras([2]), [:]), (.cameras([]), [:]),
                (.assigned(worker: "w2"), ["w2": [3]]), (.assigned(worker: "w9"), [:]),
            ]
            for (scope, workers) in views {
                let mine = api.with(try tokens.token("vi", [.viewer], [], scope))
                try await mine.post("/workers/w1/assign", #"{"camera_ids":[1]}"#).expectProblem(403, "forbidden")
                let list = try await mine.get("/workers?min_position=\(head)")
                #expect(list["items"]?.array?.compactMap { $0["id"]?.string } == workers.keys.sorted(), "\(scope)")
                #expect(list["total"] == .integer(Int64(workers.count)), "\(scope)")
                for worker in ["w1", "w2", "w3"] {
                    let shown = try await mine.get("/workers/\(worker)?limit=1")
                    guard let cameras = workers[worker] else {
                        shown.expectProblem(404, "worker_not_found")
                        continue
                    }
                    let sees = cameras.contains(4)
                    #expect(shown["assigned"] == .integer(Int64(cameras.count)), "\(scope) \(shown.body)")
                    #expect(shown["cameras"]?.array?.compactMap { $0["camera_id"]?.integer } == [cameras[0]])
                    #expect(shown.header("Link")?.contains("rel=\"next\"") == (cameras.count > 1))
                    // What makes it online is camera 4.
                    #expect(shown["state"] == (sees ? "online" : "stale"), "\(scope) \(shown.body)")
                    #expect(shown["last_heartbeat"] == (sees ? "2026-03-29T12:01:31Z" : .null))
                    let item = list["items"]?.array?.first { $0["id"] == .string(worker) }
                    for name in ["state", "assigned", "running", "stale", "last_heartbeat"] {
                        #expect(item?[name] == shown[name], "\(scope) \(name)")
                    }
                    #expect(sees || !(list.body + shown.body).contains("Hidden"))
                }
            }
        }
    }

    @Test func workersAreGivenAndRidOfTheCamerasWithinTheScopeOnly() async throws {
        try await withCameras { api, tokens in
            let all = api.with(try tokens.all())
            try await all.register(TestAPI.camera(#""location":"Gate""#))
            _ = try await all.post("/workers/w1/assign", #"{"camera_ids":[4]}"#)
            #expect(try await all.get("/workers?min_position=\(try await api.log.head())").status == 200)
            let hall = api.with(try tokens.token("ana", [], [.control], .location("Hall")))
            let assigned = try await hall.post("/workers/w2/assign", #"{"camera_ids":[2,3,4]}"#)
            #expect(
                assigned["results"]?.array?.map { $0["code"] ?? $0["outcome"] }
                    == ["assigned", "camera_not_found", "camera_not_found"], "\(assigned.body)")
            let released = try await hall.post("/workers/w1/release")
            #expect(released["results"]?.array?.map { $0["camera_id"] } == [1], "\(released.body)")
            let head = try await api.log.head()
            for (camera, worker, state) in [
                (1, "w1", "stopped"), (2, "w2", "running"), (3, "w2", "running"), (4, "w1", "running"),
            ] {
                let shown = try await all.get("/cameras/\(camera)?min_position=\(head)")
                #expect(shown["worker_id"] == .string(worker) && shown["desired_state"] == .string(state), "\(camera)")
            }
        }
    }
}
