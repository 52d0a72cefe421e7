import API
import EventSourcing
import HTTPTypes
import TestSupport
import Testing

@testable import Postgres

/// Requests that wait for what they, or others, are about to write.
@Suite(.timeLimit(.minutes(5))) struct WaitingTests {
    @Test func aThousandRequestsWaitAtOnce() async throws {
        var policy = NetworkPolicy()
        policy.maximumRequests = 4000
        try await withAPI(policy: policy, positionTimeout: .seconds(60)) { api in
            let checkpoints = try #require(api.checkpoints)
            try await api.register()
            // Of twenty users, none of whom may have more than 64 wait.
            // These wait for what never comes, and are given up.
            let givenUp = Task {
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<200 {
                        group.addTask {
                            _ = try? await api.get(
                                "/cameras/1?min_position=1000000", headers: [.actor: "user \(index % 20)"])
                        }
                    }
                }
            }
            try await withThrowingTaskGroup(of: (wanted: Int64, answer: Answer).self) { group in
                for index in Int64(0)..<800 {
                    group.addTask {
                        let wanted = index % 40 + 2
                        let path = index % 2 == 0 ? "/cameras/1" : "/cameras/1/counts"
                        let user: HTTPFields = [.actor: "user \(index % 20)"]
                        return (wanted, try await api.get("\(path)?min_position=\(wanted)", headers: user))
                    }
                }
                while checkpoints.waiting < 1000 { await Task.yield() }
                // Others are served meanwhile.
                #expect(try await api.get("/cameras/1?min_position=1").status == 200)
                #expect(try await api.get("/cameras").status == 200)
                for _ in 0..<40 { _ = try await api.post("/cameras/1/restart") }
                for try await (wanted, answer) in group {
                    #expect(answer.status == 200, "\(answer.body)")
                    #expect((answer.position ?? 0) >= wanted)
                    // The camera's version is its events' number.
                    if let version = answer["version"]?.integer { #expect(version >= wanted) }
                }
            }
            #expect(checkpoints.waiting == 200)
            givenUp.cancel()
            await givenUp.value
            #expect(checkpoints.waiting == 0)
        }
    }

    /// However many wait, they keep none of the places of those that are worked on.
    @Test func whoWaitsKeepsNobodyOut() async throws {
        var policy = NetworkPolicy()
        policy.maximumRequests = 1
        try await withAPI(policy: policy, positionTimeout: .seconds(3600)) { api in
            let checkpoints = try #require(api.checkpoints)
            try await api.register()
            #expect(try await api.get("/cameras/1?min_position=1").status == 200)
            try await withThrowingTaskGroup(of: Answer.self) { group in
                for count in 1...20 {
                    let path = count % 2 == 0 ? "/cameras/1" : "/cameras/1/counts/explain"
                    group.addTask { try await api.get("\(path)?min_position=2") }
                    // The next would find the one place taken until this one waits.
                    while checkpoints.waiting < count { await Task.yield() }
                    #expect(try await api.get("/cameras/1").status == 200)
                }
                #expect(try await api.post("/cameras/1/start").status == 200)
                for try await answer in group { #expect(answer.status == 200, "\(answer.body)") }
            }
            // Each place was taken and left as often.
            #expect(try await api.get("/cameras/1").status == 200)
        }
    }

    @Test func oneUserHasHalfOfThePlaces() async throws {
        var policy = NetworkPolicy()
        policy.maximumRequests = 4
        try await withAPI(policy: policy) { api in
            try await api.register()
            let pool = try #require(api.pool)
            let schema = try await pool.query(
                "select 'health_summary_b' || build from projection_builds where projection = 'health_summary' and state = 'active'"
            )[0].text(0)
            try await pool.withConnection { holder in
                try await holder.query("begin")
                try await holder.query("lock table \(schema).health_summary in access exclusive mode")
                let waiting = """
                    select count(*) from pg_locks
                    where not granted and relation = '\(schema).health_summary'::regclass and mode = 'AccessShareLock'
                    """
                try await withThrowingTaskGroup(of: Answer.self) { group in
                    for id in 1...2 {
                        _ = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "ana"])
                        group.addTask { try await api.get("/cameras/\(id)/health", headers: [.actor: "eve"]) }
                        while try await holder.query(waiting)[0].integer(0) < id { await Task.yield() }
                    }
                    let refused = try await api.get("/cameras/1/config", headers: [.actor: "eve"])
                    refused.expectProblem(429, "rate_limited")
                    #expect(refused.header("Retry-After") == "1")
                    #expect(try await api.get("/cameras/1/config", headers: [.actor: "ana"]).status == 200)
                    try await holder.query("rollback")
                    for try await answer in group { #expect(answer.status == 200, "\(answer.body)") }
                }
                #expect(try await api.get("/cameras/1/config", headers: [.actor: "eve"]).status == 200)
            }
        }
    }

    @Test func noMoreWaitThanMay() async throws {
        try await withAPI(positionTimeout: .seconds(3600), maximumWaiting: 2) { api in
            try await api.register()
            for position in Int64(2)...3 {
                #expect(try await api.get("/cameras/1?min_position=\(position - 1)").status == 200)
                try await withThrowingTaskGroup(of: Answer.self) { group in
                    for _ in 0..<3 { group.addTask { try await api.get("/cameras/1?min_position=\(position)") } }
                    // Two wait, so the first that is answered is the one that may not.
                    let refused = try #require(try await group.next())
                    refused.expectProblem(503, "overloaded")
                    #expect(refused.header("Retry-After") == "1")
                    #expect(try await api.get("/cameras/1?min_position=\(position - 1)").status == 200)
                    #expect(try await api.post("/cameras/1/restart").status == 200)
                    for try await answer in group { #expect(answer.status == 200, "\(answer.body)") }
                }
            }
        }
    }

    @Test func aRequestThatHasWaitedLongEnoughIsToldHowFarItIs() async throws {
        try await withAPI(positionTimeout: .milliseconds(20)) { api in
            let build = try await #require(api.pool).query(
                "select build from projection_builds where projection = 'camera_state' and state = 'active'")[0]
            try await #require(api.pool).withConnection { holder in
                try await holder.query("begin")
                try await holder.query("lock table camera_state_b\(build.integer(0)).camera_state in share mode")
                try await api.register()
                let answer = try await api.get("/cameras/1?min_position=1")
                answer.expectProblem(503, "read_model_behind")
                #expect(answer["position"] == 0)
                #expect(answer.header("Retry-After") == "1")
                try await holder.query("rollback")
            }
        }
    }

    @Test(arguments: ["9", "9223372036854775807"])
    func aPositionThatTheLogDoesNotHaveIsAFault(position: String) async throws {
        try await withAPI(positionTimeout: .milliseconds(20)) { api in
            try await api.register()
            for path in ["/cameras/1", "/cameras/1/counts/explain"] {
                let answer = try await api.get("\(path)?min_position=\(position)")
                answer.expectProblem(422, "validation_failed")
                #expect(answer.faults == ["min_position out_of_range"])
            }
        }
    }
}
