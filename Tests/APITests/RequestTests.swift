import EventSourcing
import HTTPTypes
import Resilience
import Testing

@Suite struct RequestTests {
    @Test func unknownRouteIsAProblem() async throws {
        try await withCommands { api in
            try await api.get("/nothing").expectProblem(404, "route_not_found")
            try await api.send(.trace, "/nothing").expectProblem(404, "route_not_found")
        }
    }

    @Test func otherMethodsAreToldWhatIsAllowed() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras/1")
            answer.expectProblem(405, "method_not_allowed")
            #expect(answer.header("Allow") == "DELETE, GET, HEAD, PATCH, PUT")
            #expect(try await api.get("/cameras/1/start").header("Allow") == "POST")
        }
    }

    @Test(arguments: ["TRACE", "PROPFIND", "OPTIONS", "X-1"])
    func everyMethodIsToldWhatIsAllowed(name: String) async throws {
        try await withCommands { api in
            let method = try #require(HTTPRequest.Method(name))
            let answer = try await api.send(method, "/cameras")
            answer.expectProblem(405, "method_not_allowed")
            #expect(answer.header("Allow") == "GET, HEAD, POST")
        }
    }

    @Test(arguments: ["%", "%zz", "%c3%28", "a%2"])
    func brokenPercentEncodingIsAFault(text: String) async throws {
        try await withCommands { api in
            let answer = try await api.get("/cameras?search=\(text)")
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == ["search malformed"])
        }
    }

    @Test func plusIsASpaceAndBelongsToAnOffset() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(name: "Front door"))
            #expect(try await api.get("/cameras?search=front+door&min_position=1")["total"] == 1)
            #expect(try await api.get("/cameras?%73earch=front%2Bdoor")["total"] == 0)
            let counts = try await api.get(
                "/cameras/1/counts?bucket=15m&from=2026-03-29T02:00:00+02:00&to=2026-03-29T02:15:00%2B02:00")
            #expect(counts["from"] == "2026-03-29T00:00:00Z", "\(counts.body)")
        }
    }

    @Test func requestIDComesBack() async throws {
        try await withCommands { api in
            let given = try await api.get("/health/live", headers: [.requestID: "abc-123"])
            #expect(given.header("X-Request-ID") == "abc-123")
            let made = try await api.get("/nothing")
            #expect(made.header("X-Request-ID")?.count == 36)
        }
    }

    @Test(arguments: ["", "a b", "é", String(repeating: "x", count: 129)])
    func badRequestIDIsRefused(id: String) async throws {
        try await withCommands { api in
            let answer = try await api.get("/health/live", headers: [.requestID: id])
            answer.expectProblem(400, "malformed_header")
            #expect(answer.header("X-Request-ID") != id)
        }
    }

    @Test(arguments: ["", "  ", String(repeating: "x", count: 256)])
    func badActorIsRefused(actor: String) async throws {
        try await withCommands { api in
            try await api.post("/cameras", TestAPI.camera(), headers: [.actor: actor])
                .expectProblem(400, "malformed_header")
        }
    }

    @Test func actorMayHaveAnyName() async throws {
        try await withCommands { api in
            let answer = try await api.post(
                "/cameras", TestAPI.camera(), headers: [.actor: "Anna Müller <a@b.example>"])
            #expect(answer["created_by"] == "Anna Müller <a@b.example>")
        }
    }

    @Test func processIsAliveWithoutADatabaseButNotReady() async throws {
        try await withCommands { api in
            #expect(try await api.get("/health/live").status == 200)
            let ready = try await api.get("/health/ready")
            ready.expectProblem(503, "not_ready")
            #expect(ready["missing"] == ["database"])
            #expect(ready["circuits"] == ["database": "open"])
        }
    }

    @Test func whatIsDownBesideTheDatabaseMakesTheServerDegradedNotUnready() async throws {
        let redis = CircuitBreaker("redis", Circuit.Rule(failures: 1))
        try await withAPI(circuits: [redis]) { api in
            let ready = try await api.get("/health/ready")
            #expect(ready.status == 200)
            #expect(
                ready.json == [
                    "status": "ready", "circuits": ["database": "closed", "redis": "closed"], "reactions": [],
                ])
            redis.report(.failure, of: try redis.admit())
            let degraded = try await api.get("/health/ready")
            #expect(degraded.status == 200)
            #expect(
                degraded.json == [
                    "status": "degraded", "circuits": ["database": "closed", "redis": "open"], "reactions": [],
                ])
        }
    }

    @Test func missingDatabaseIsAPassingProblem() async throws {
        try await withCommands { api in
            for path in ["/cameras", "/cameras/1", "/cameras/1/counts", "/audit", "/projections"] {
                let answer = try await api.get(path)
                answer.expectProblem(503, "database_unavailable")
                #expect(answer.header("Retry-After") == "1")
            }
        }
    }

    @Test(
        arguments: [
            (EventLogError.unavailable(reason: "secret"), 503, "database_unavailable", "1"),
            (.overloaded, 503, "overloaded", "1"), (.unknownOutcome(reason: "secret"), 503, "outcome_unknown", nil),
            (.storage(reason: "secret"), 500, "internal_error", nil),
        ] as [(EventLogError, Int, String, String?)])
    func failuresOfTheLogAreProblems(error: EventLogError, status: Int, code: String, retryAfter: String?) async throws
    {
        try await withCommands(log: FailingLog(error: error)) { api in
            for answer in [
                try await api.post("/cameras", TestAPI.camera()),
                try await api.post(
                    "/cameras/1/heartbeats", #"{"observed_at":"2026-03-29T12:00:00Z","status":"online"}"#),
            ] {
                answer.expectProblem(status, code)
                #expect(answer.header("Retry-After") == retryAfter)
                #expect(!answer.body.contains("secret"))
            }
        }
    }

    @Test func eventOfAnotherReleaseIsNamed() async throws {
        try await withCommands { api in
            _ = try await api.log.append(Append(to: "camera-5", events: [NewEvent(type: "Odd", data: [:])]))
            let answer = try await api.post("/cameras/5/start")
            answer.expectProblem(409, "unreadable_history")
            #expect(answer["event_type"] == "Odd" && answer["position"] == 1)
        }
    }
}

/// A log in which every append fails.
private struct FailingLog: EventLog {
    let error: EventLogError

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] { throw error }
    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        []
    }
    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] { [] }
    func head() async throws(EventLogError) -> Int64 { 0 }
}
