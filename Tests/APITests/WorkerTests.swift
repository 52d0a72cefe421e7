import EventSourcing
import Testing

@Suite struct WorkerTests {
    private func results(_ answer: Answer) -> [String] {
        (answer["results"]?.array ?? []).map { result in
            let outcome = result["code"]?.string ?? result["outcome"]?.string ?? "?"
            return "\(result["camera_id"]?.integer ?? 0) \(outcome)"
        }
    }

    @Test func workersAreKnownByTheirCameras() async throws {
        try await withAPI(clocked: true) { api in
            let empty = try await api.get("/workers")
            #expect(empty.body == #"{"items":[],"total":0,"skip":0,"limit":10}"#)
            for _ in 0..<5 { try await api.register() }
            _ = try await api.post("/workers/b/assign", #"{"camera_ids":[1,2]}"#)
            _ = try await api.post("/workers/a/assign", #"{"camera_ids":[3]}"#)
            _ = try await api.post("/workers/c/assign", #"{"camera_ids":[4]}"#)
            _ = try await api.post("/cameras/4/stop")
            try await api.advance(by: .seconds(91))
            try await HealthTests.beat("2026-03-29T12:01:31Z", "online", #","fps":25"#, camera: 2, to: api)
            let position = try await api.log.head()
            let list = try await api.get("/workers?min_position=\(position)")
            #expect(list.position == position)
            #expect(
                list.body
                    == #"""
                    {"items":[
                    {"id":"a","state":"stale","assigned":1,"running":1,"stale":1,"last_heartbeat":null,
                    "clock_offset_ms":null,"warnings":[]},
                    {"id":"b","state":"online","assigned":2,"running":2,"stale":1,
                    "last_heartbeat":"2026-03-29T12:01:31Z","clock_offset_ms":0,"warnings":[]},
                    {"id":"c","state":"idle","assigned":1,"running":0,"stale":0,"last_heartbeat":null,
                    "clock_offset_ms":null,"warnings":[]}],
                    "total":3,"skip":0,"limit":10}
                    """#.replacing("\n", with: ""))
            let page = try await api.get("/workers?skip=1&limit=1")
            #expect(page["items"]?.array?.compactMap { $0["id"]?.string } == ["b"])
            #expect(page.header("Link")?.contains("</api/v1/workers?skip=2&limit=1>; rel=\"next\"") == true)
            let worker = try await api.get("/workers/b")
            #expect(worker["state"] == "online")
            #expect(worker["cameras"]?.array?.compactMap { $0["camera_id"]?.integer } == [1, 2])
            #expect(worker["cameras"]?.array?.last?["fps"]?.number == 25)
            #expect(worker["cameras"]?.array?.map { $0["stale"] } == [true, false])
            try await api.get("/workers/nobody").expectProblem(404, "worker_not_found")
            #expect(try await api.get("/workers/b%20c").faults == ["id invalid_character"])
        }
    }

    @Test func assigningStartsAndMovesEachCameraForItself() async throws {
        try await withAPI { api in
            for _ in 0..<4 { try await api.register() }
            _ = try await api.post("/cameras/2/start", #"{"worker_id":"old"}"#)
            _ = try await api.post("/cameras/3/start", #"{"worker_id":"new"}"#)
            _ = try await api.patch("/cameras/4/status", #"{"status":"maintenance"}"#, ifMatch: "*")
            let answer = try await api.post("/workers/new/assign", #"{"camera_ids":[1,2,3,4,9]}"#)
            #expect(answer.status == 200)
            #expect(
                results(answer) == [
                    "1 assigned", "2 assigned", "3 unchanged", "4 camera_in_maintenance", "9 camera_not_found",
                ])
            let position = try await api.log.head()
            #expect(answer.position == position)
            let cameras = try await api.get("/workers/new?min_position=\(position)")["cameras"]?.array ?? []
            #expect(cameras.compactMap { $0["camera_id"]?.integer } == [1, 2, 3])
            #expect(cameras.compactMap { $0["epoch"]?.integer } == [1, 2, 1])
            let empty = try await api.post("/workers/new/assign", #"{"camera_ids":[]}"#)
            #expect(empty.faults == ["/camera_ids too_short"])
            let twice = try await api.post("/workers/new/assign", #"{"camera_ids":[1,1]}"#)
            #expect(twice.faults == ["/camera_ids duplicate"])
        }
    }

    @Test func releasingStopsOnlyWhatTheWorkerHas() async throws {
        try await withAPI { api in
            for _ in 0..<4 { try await api.register() }
            _ = try await api.post("/workers/w/assign", #"{"camera_ids":[1,2,3]}"#)
            _ = try await api.post("/workers/v/assign", #"{"camera_ids":[4]}"#)
            _ = try await api.post("/cameras/3/stop")
            let named = try await api.post("/workers/w/release", #"{"camera_ids":[1,3,4,9],"reason":"new disk"}"#)
            #expect(
                results(named) == ["1 released", "3 unchanged", "4 camera_not_assigned", "9 camera_not_found"])
            _ = try await api.get("/workers?min_position=\(try await api.log.head())")
            #expect(results(try await api.post("/workers/w/release")) == ["2 released"])
            _ = try await api.get("/workers?min_position=\(try await api.log.head())")
            #expect(results(try await api.post("/workers/w/release")) == [])
            let workers = try await api.get("/workers?min_position=\(try await api.log.head())")["items"]?.array ?? []
            // What was started is not stale at once.
            #expect(workers.map { $0["state"] } == ["online", "idle"])
            // Started without saying where, it goes back.
            #expect(try await api.post("/cameras/1/start")["worker_id"] == "w")
        }
    }
}
