import EventSourcing
import HTTPTypes
import Testing

@Suite struct PreconditionTests {
    @Test func versionIsRequired() async throws {
        try await withCommands { api in
            try await api.register()
            try await api.put("/cameras/1", TestAPI.camera(), ifMatch: nil).expectProblem(428, "precondition_required")
            try await api.patch("/cameras/1/status", #"{"status":"online"}"#, ifMatch: nil)
                .expectProblem(428, "precondition_required")
            try await api.delete("/cameras/1", ifMatch: nil).expectProblem(428, "precondition_required")
            #expect(try await api.log.head() == 1)
        }
    }

    @Test(arguments: ["1", "", "\"1", "1\"", "\"1\" \"2\"", "*, \"1\"", "W\"1\"", "w/\"1\"", ",", "* *"])
    func malformedVersionIsRefused(ifMatch: String) async throws {
        try await withCommands { api in
            try await api.register()
            try await api.delete("/cameras/1", ifMatch: ifMatch).expectProblem(400, "malformed_header")
        }
    }

    @Test(arguments: ["\"1\"", "*", " * ", "\"7\", \"1\"", "\"1\",\"2\" ,", "W/\"1\", \"1\"", "\"x\", \"1\""])
    func matchingVersionIsAccepted(ifMatch: String) async throws {
        try await withCommands { api in
            try await api.register()
            #expect(try await api.delete("/cameras/1", ifMatch: ifMatch).status == 204)
        }
    }

    @Test(arguments: ["\"2\"", "\"0\"", "W/\"1\"", "\"01\"", "\"abc\"", "\"2\", \"3\"", "\"-1\"", "\"\""])
    func otherVersionIsStale(ifMatch: String) async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.delete("/cameras/1", ifMatch: ifMatch)
            answer.expectProblem(412, "stale_version")
            #expect(answer["actual_version"] == 1)
        }
    }

    @Test func staleVersionLearnsWhatChangedAndByWhom() async throws {
        try await withCommands { api in
            try await api.register()
            _ = try await api.post("/cameras/1/start", headers: [.actor: "ben"])
            api.clock.advance(by: .seconds(1))
            _ = try await api.post("/cameras/1/stop")
            let answer = try await api.put("/cameras/1", TestAPI.camera(), ifMatch: "\"1\"")
            answer.expectProblem(412, "stale_version")
            #expect(answer["actual_version"] == 3)
            #expect(
                answer["changes"] == [
                    [
                        "version": 2, "type": "CameraStarted", "actor": "ben", "recorded_at": "2026-03-29T12:00:00Z",
                    ],
                    [
                        "version": 3, "type": "CameraStopped", "actor": "anonymous",
                        "recorded_at": "2026-03-29T12:00:01Z",
                    ],
                ])
        }
    }

    @Test func atMostTheLastFiftyChangesAreTold() async throws {
        try await withCommands { api in
            try await api.register()
            for _ in 0..<60 { _ = try await api.post("/cameras/1/restart") }
            let answer = try await api.delete("/cameras/1", ifMatch: "\"1\"")
            let changes = try #require(answer["changes"]?.array)
            #expect(changes.compactMap { $0["version"]?.integer } == Array(12...61))
        }
    }

    @Test func commandsThatNeedNoVersionHeedOne() async throws {
        try await withCommands { api in
            try await api.register()
            try await api.post("/cameras/1/start", headers: [.ifMatch: "\"2\""]).expectProblem(412, "stale_version")
            #expect(try await api.post("/cameras/1/start", headers: [.ifMatch: "\"1\""]).status == 200)
        }
    }
}
