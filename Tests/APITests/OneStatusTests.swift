import Counting
import EventSourcing
import Testing

@testable import API
@testable import Postgres

/// That all that shows a camera's status shows the same one, whatever was said of the camera and however long ago.
@Suite struct OneStatusTests {
    /// What everything says of camera 1, which must be the only one.
    private func status(_ api: TestAPI, _ moment: String) async throws -> String? {
        try await api.settle()
        let status = try await api.get("/cameras/1/status")
        let shown = try #require(status["status"]?.string)
        let camera = try await api.get("/cameras/1")
        #expect(camera["status"]?.string == shown, "\(moment): camera")
        if let health = camera["health"], health != .null {
            #expect(health["status"]?.string == shown, "\(moment): camera's health")
        }
        if let metrics = status["metrics"], metrics != .null {
            #expect(metrics["status"]?.string == shown, "\(moment): metrics")
        }
        #expect(try await api.get("/cameras/1/health")["status"]?.string == shown, "\(moment): health")
        let summary = try await api.get("/cameras/health/summary")
        for candidate in CameraStatus.allCases {
            let count: Int64 = candidate.rawValue == shown ? 1 : 0
            #expect(summary["by_status"]?[candidate.rawValue]?.integer == count, "\(moment): summary")
            for query in ["", "&sort=status", "&sort=-name", "&search=entrance"] {
                let list = try await api.get("/cameras?status=\(candidate)\(query)")
                #expect(list["total"]?.integer == count, "\(moment): total of \(candidate)\(query)")
                #expect(list["items"]?.array?.count == Int(count), "\(moment): \(candidate)\(query)")
            }
            let desired = try #require(status["desired_state"]?.string)
            let narrow = try await api.get("/cameras?status=\(candidate)&desired_state=\(desired)")
            #expect(narrow["total"]?.integer == count, "\(moment): total of \(candidate) and \(desired)")
        }
        let list = try await api.get("/cameras?sort=status")
        #expect(list["items"]?.array?.map { $0["status"]?.string } == [shown], "\(moment): list")
        if let worker = status["worker_id"]?.string {
            let pool = try await api.get("/workers/\(worker)")
            #expect(pool["cameras"]?.array?.first?["status"]?.string == shown, "\(moment): worker")
        }
        return shown
    }

    private func isStale(_ api: TestAPI) async throws -> Bool? { try await api.get("/cameras/1/status")["stale"]?.bool }

    private func beat(_ status: String, _ api: TestAPI, ago: Duration = .zero) async throws {
        try await HealthTests.beat((api.clock.now - ago).rfc3339, status, to: api)
    }

    @Test func aWorkerThatOnlySendsHeartbeatsIsHeardUntilItDies() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            #expect(try await status(api, "registered") == "offline")
            try await api.advance(by: .seconds(3600))
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w"}"#)
            #expect(try await status(api, "started") == "offline")
            #expect(try await isStale(api) == false)
            try await api.advance(by: .seconds(90))
            #expect(try await isStale(api) == false)
            try await api.advance(by: .seconds(1))
            #expect(try await isStale(api) == true)
            #expect(try await status(api, "not heard") == "offline")
            try await beat("online", api)
            #expect(try await status(api, "heard") == "online")
            #expect(try await isStale(api) == false)
            try await api.advance(by: .seconds(1))
            try await beat("error", api)
            #expect(try await status(api, "in error") == "error")
            try await api.advance(by: .seconds(1))
            try await beat("online", api)
            // One of yesterday comes late, and says nothing of now.
            try await beat("error", api, ago: .seconds(300))
            #expect(try await status(api, "late") == "online")
            try await api.advance(by: .seconds(90))
            #expect(try await status(api, "about to be silent") == "online")
            try await api.advance(by: .seconds(1))
            #expect(try await status(api, "dead") == "offline")
            #expect(try await isStale(api) == true)
            #expect(try await api.get("/cameras/1/status")["status_since"] == "2026-03-29T13:03:03Z")
            _ = try await api.post("/cameras/1/stop")
            #expect(try await status(api, "stopped") == "offline")
            #expect(try await isStale(api) == false)
            // What is on its way when it is stopped does not make it online.
            try await beat("online", api)
            #expect(try await status(api, "heard after the stop") == "offline")
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w"}"#)
            #expect(try await status(api, "started again") == "offline")
        }
    }

    /// Whatever was heard of the camera, and at once: nobody waits for the read model first.
    @Test func theAnswerToACommandShowsWhatAReadShows() async throws {
        try await withAPI(clocked: true) { api in
            func check(_ answer: Answer, _ expected: String, _ line: Int = #line) async throws {
                #expect(answer.status < 300, "line \(line): \(answer.body)")
                #expect(answer["status"]?.string == expected, "line \(line)")
                let read = try await api.get("/cameras/1?min_position=\(answer.position ?? 0)")
                #expect(read["status"]?.string == expected, "line \(line)")
            }
            func beat(_ status: String) async throws {
                try await api.advance(by: .seconds(1))
                try await self.beat(status, api)
            }
            func commands(_ expected: String, _ line: Int = #line) async throws {
                for name in ["Exit", "Exit", "Entrance"] {
                    try await check(
                        try await api.patch("/cameras/1", #"{"name":"\#(name)"}"#, ifMatch: "*"), expected, line)
                    try await check(
                        try await api.put("/cameras/1", TestAPI.camera(name: name), ifMatch: "*"), expected, line)
                }
                for path in ["start-monitoring", "start-monitoring", "stop-monitoring"] {
                    try await check(try await api.post("/cameras/1/\(path)"), expected, line)
                }
            }
            try await check(try await api.post("/cameras", TestAPI.camera()), "offline")
            try await commands("offline")
            try await beat("online")
            try await commands("online")
            try await check(try await api.post("/cameras/1/start"), "offline")
            try await commands("offline")
            try await beat("online")
            try await commands("online")
            // It runs already.
            try await check(try await api.post("/cameras/1/start"), "online")
            try await beat("error")
            try await commands("error")
            try await beat("online")
            try await api.advance(by: .seconds(91))
            try await commands("offline")
            let online = #"{"status":"online"}"#
            try await check(try await api.patch("/cameras/1/status", online, ifMatch: "*"), "offline")
            try await beat("online")
            // What changes nothing has no position to wait for.
            try await api.settle()
            try await check(try await api.patch("/cameras/1/status", online, ifMatch: "*"), "online")
            try await check(
                try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*"), "maintenance")
            try await beat("online")
            try await commands("maintenance")
        }
    }

    /// The past is read from the camera's own events: what heartbeats said then is not among them.
    @Test func aPastStatusThatHeartbeatsHadASayInIsNotGuessed() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            try await beat("online", api)
            let start = try #require(try await api.post("/cameras/1/start").position)
            let stop = try #require(try await api.post("/cameras/1/stop").position)
            #expect(try await api.get("/cameras/1?version=1")["status"] == .null)
            #expect(try await api.get("/cameras/1?as_of_position=\(start)")["status"] == .null)
            #expect(try await api.get("/cameras/1?as_of_position=\(stop)")["status"] == "offline")
        }
    }

    @Test func whatIsSetIsSaidUntilItsWorkerFallsSilent() async throws {
        try await withAPI(clocked: true) { api in
            func set(_ status: String) async throws {
                let answer = try await api.patch("/cameras/1/status", #"{"status":"\#(status)"}"#, ifMatch: "*")
                #expect(answer.status == 200)
            }
            try await api.register()
            try await set("error")
            #expect(try await status(api, "set") == "error")
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w"}"#)
            try await set("online")
            #expect(try await status(api, "its worker says") == "online")
            try await api.advance(by: .seconds(91))
            #expect(try await status(api, "silent") == "offline")
            try await beat("online", api)
            try await set("maintenance")
            #expect(try await status(api, "maintenance") == "maintenance")
            try await beat("online", api)
            try await api.advance(by: .seconds(10_000))
            #expect(try await status(api, "maintenance for long") == "maintenance")
            try await set("offline")
            #expect(try await status(api, "after maintenance") == "offline")
        }
    }

    /// Of a camera that nobody ever started, as those of other systems are, heartbeats are believed.
    @Test func aCameraThatWasNeverStartedIsAsItIsHeard() async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            try await beat("online", api)
            #expect(try await status(api, "heard") == "online")
            try await api.advance(by: .seconds(91))
            #expect(try await status(api, "silent") == "offline")
            #expect(try await isStale(api) == false)
        }
    }

    /// The clock of a worker decides neither who is alive nor what holds.
    @Test(arguments: [Duration.seconds(-7200), .seconds(119)])
    func aWrongClockHidesNothing(_ offset: Duration) async throws {
        try await withAPI(clocked: true) { api in
            try await api.register()
            try await api.advance(by: .seconds(10_000))
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"w"}"#)
            for said in ["online", "error", "online"] {
                try await api.advance(by: .seconds(5))
                try await beat(said, api, ago: .zero - offset)
                #expect(try await status(api, "\(offset)") == said)
                #expect(try await isStale(api) == false)
            }
            try await api.advance(by: .seconds(91))
            #expect(try await status(api, "\(offset), dead") == "offline")
        }
    }

    @Test func whatADatabaseAndTheDomainHoldForVouchingIsTheSame() async throws {
        try await withAPI { api in
            let row = try await #require(api.pool).query(
                "select extract(epoch from heartbeat_vouching())::bigint")[0]
            #expect(Duration.seconds(try row.integer(0)) == Heartbeat.vouching)
        }
    }

    @Test func aWorkerEndsNoMaintenance() async throws {
        try await withAPI { api in
            try await api.register()
            _ = try await api.post("/cameras/1/start", #"{"worker_id":"worker-1"}"#)
            _ = try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*")
            let answer = try await api.send(
                .patch, "/cameras/1/status", #"{"status":"offline"}"#,
                headers: [.ifMatch: "*", .actor: "worker-1"])
            answer.expectProblem(409, "camera_in_maintenance")
            try await api.settle()
            #expect(try await api.get("/cameras/1")["status"] == "maintenance")
            try await api.post("/cameras/1/start").expectProblem(409, "camera_in_maintenance")
            let person = try await api.send(
                .patch, "/cameras/1/status", #"{"status":"offline"}"#, headers: [.ifMatch: "*", .actor: "ana"])
            #expect(person["status"] == "offline")
        }
    }
}
