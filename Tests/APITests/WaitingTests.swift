import EventSourcing
import TestSupport
import Testing

/// Requests that wait for what they, or others, are about to write.
@Suite(.timeLimit(.minutes(5))) struct WaitingTests {
    @Test func aThousandRequestsWaitAtOnce() async throws {
        try await withAPI(patience: .seconds(60)) { api in
            let checkpoints = try #require(api.checkpoints)
            try await api.register()
            // These wait for what never comes, and are given up.
            let givenUp = Task {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<200 {
                        group.addTask { _ = try? await api.get("/cameras/1?min_position=1000000") }
                    }
                }
            }
            try await withThrowingTaskGroup(of: (wanted: Int64, answer: Answer).self) { group in
                for index in Int64(0)..<800 {
                    group.addTask {
                        let wanted = index % 40 + 2
                        let path = index % 2 == 0 ? "/cameras/1" : "/cameras/1/counts"
                        return (wanted, try await api.get("\(path)?min_position=\(wanted)"))
                    }
                }
                while checkpoints.waiting < 1000 { await Task.yield() }
                // Others are served meanwhile.
                #expect(try await api.get("/cameras/1").status == 200)
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

    @Test func aRequestThatHasWaitedLongEnoughIsToldHowFarItIs() async throws {
        try await withAPI(patience: .milliseconds(20)) { api in
            try await api.register()
            let answer = try await api.get("/cameras/1?min_position=9")
            answer.expectProblem(503, "read_model_behind")
            #expect(answer.header("Retry-After") == "1")
        }
    }
}
