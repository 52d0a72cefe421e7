import Crypto
import EventLog
import EventSourcing
import HTTPTypes
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct IdempotencyTests {
    private static func key(_ key: String, actor: String? = nil) throws -> HTTPFields {
        var headers: HTTPFields = [try #require(HTTPField.Name("Idempotency-Key")): key]
        if let actor { headers[.actor] = actor }
        return headers
    }

    /// The headers of an answer that a repetition has too.
    private static func kept(_ answer: Answer) -> [String?] {
        ["Content-Type", "Location", "ETag", "Footfall-Position"].map(answer.header)
    }

    private func expectReplay(_ again: Answer, of first: Answer, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(again.status == first.status, sourceLocation: sourceLocation)
        #expect(again.body == first.body, sourceLocation: sourceLocation)
        #expect(Self.kept(again) == Self.kept(first), sourceLocation: sourceLocation)
        #expect(again.header("Idempotency-Replayed") == "true", sourceLocation: sourceLocation)
        #expect(first.header("Idempotency-Replayed") == nil, sourceLocation: sourceLocation)
    }

    @Test func theSameRequestUnderTheSameKeyIsAnsweredOnce() async throws {
        try await withCommands { api in
            let first = try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("k-1"))
            #expect(first.status == 201)
            expectReplay(try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("k-1")), of: first)
            // In quotes, as the draft has it, it is the same key.
            expectReplay(try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("\"k-1\"")), of: first)
            #expect(try await api.log.head() == 1)
            let other = try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("k-2"))
            #expect(other["id"] != first["id"])
        }
    }

    @Test func anotherRequestUnderTheSameKeyIsRefused() async throws {
        try await withCommands { api in
            let headers = try Self.key("k")
            _ = try await api.post("/cameras", TestAPI.camera(), headers: headers)
            try await api.post("/cameras", TestAPI.camera(name: "Exit"), headers: headers)
                .expectProblem(422, "idempotency_key_reused")
            try await api.post("/cameras/1/start", headers: headers).expectProblem(422, "idempotency_key_reused")
            #expect(try await api.log.head() == 1)
        }
    }

    /// Anyone who has the database and guesses the whole body right cannot tell that they have.
    @Test func whatIsKeptOfARequestAllowsNoGuessing() async throws {
        try await withAPI(projecting: false) { api in
            let body = SecretTests.camera("admin:1234")
            let headers = try Self.key("k")
            let first = try await api.post("/cameras", body, headers: headers)
            #expect(first.status == 201)
            let kept = try await #require(api.pool).query(
                "select fingerprint, row_to_json(request)::text from idempotent_requests as request")[0]
            let fingerprint = try kept.text(0)
            #expect(fingerprint.utf8.count == 64)
            let parts = ["POST", "/api/v1/cameras", body].map { Array($0.utf8) }
            let lengths = parts.map { part in withUnsafeBytes(of: UInt64(part.count).bigEndian) { Array($0) } }
            let guesses: [[UInt8]] = [
                parts[2], parts.flatMap(\.self), zip(lengths, parts).flatMap { $0 + $1 },
            ]
            for guess in guesses { #expect(Array(SHA256.hash(data: guess)).hexadecimal != fingerprint) }
            let row = try kept.text(1)
            #expect(!row.contains("1234"))
            // It still tells one body from another.
            try await api.post("/cameras", SecretTests.camera("admin:1235"), headers: headers)
                .expectProblem(422, "idempotency_key_reused")
            expectReplay(try await api.post("/cameras", body, headers: headers), of: first)
        }
    }

    @Test func eachUserHasKeysOfTheirOwn() async throws {
        try await withCommands { api in
            let ana = try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("k", actor: "ana"))
            let ben = try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("k", actor: "ben"))
            #expect(ana["created_by"] == "ana")
            #expect(ben["created_by"] == "ben")
            #expect(ben["id"] != ana["id"])
        }
    }

    @Test(arguments: ["", "\"\"", "a b", "a\"b", "a\\b", "é", String(repeating: "x", count: 256)])
    func aMalformedKeyIsRefused(key: String) async throws {
        try await withCommands { api in
            try await api.post("/cameras", TestAPI.camera(), headers: try Self.key(key))
                .expectProblem(400, "malformed_header")
            #expect(try await api.log.head() == 0)
        }
    }

    @Test func aRequestThatStillRunsIsAConflict() async throws {
        let log = HeldLog()
        try await withCommands(log: log) { api in
            let headers = try Self.key("k")
            async let first = api.post("/cameras", TestAPI.camera(), headers: headers)
            await log.untilHeld()
            let second = try await api.post("/cameras", TestAPI.camera(), headers: headers)
            second.expectProblem(409, "request_under_way")
            #expect(second.header("Retry-After") == "1")
            await log.letGo()
            let answer = try await first
            #expect(answer.status == 201)
            expectReplay(try await api.post("/cameras", TestAPI.camera(), headers: headers), of: answer)
        }
    }

    @Test func whatWasRefusedIsDecidedAnew() async throws {
        try await withCommands { api in
            let id = try await api.register()
            let headers = try Self.key("k")
            _ = try await api.patch("/cameras/\(id)/status", #"{"status":"maintenance"}"#, ifMatch: "\"1\"")
            try await api.post("/cameras/\(id)/start", headers: headers).expectProblem(409, "camera_in_maintenance")
            _ = try await api.patch("/cameras/\(id)/status", #"{"status":"offline"}"#, ifMatch: "\"2\"")
            #expect(try await api.post("/cameras/\(id)/start", headers: headers).status == 200)
        }
    }

    @Test func anAnswerToWhatChangedNothingIsKeptToo() async throws {
        try await withCommands { api in
            let id = try await api.register()
            _ = try await api.post("/cameras/\(id)/start")
            let first = try await api.post("/cameras/\(id)/start", headers: try Self.key("k"))
            #expect(first.eTag == "\"2\"")
            _ = try await api.post("/cameras/\(id)/stop")
            expectReplay(try await api.post("/cameras/\(id)/start", headers: try Self.key("k")), of: first)
            #expect(try await api.log.head() == 3)
        }
    }

    /// What is left where the process ends after the append's commit and before the answer is kept.
    private func loseAnswers(_ api: TestAPI) async throws {
        try await #require(api.pool).query(
            "update idempotent_requests set answer = null, leased_until = clock_timestamp()")
    }

    @Test func afterACrashEveryRepetitionIsAnsweredWithWhatTheFirstCameTo() async throws {
        try await withAPI { api in
            let reading =
                #"{"sequence":1,"observed_at":"2026-03-29T10:00:00Z","line":"door","class":"person","count_in":2,"count_out":0}"#
            let line = #""lines":[{"name":"door","from":[0.2,0.3],"to":[0.2,0.5],"inside":[0.1,0.4]}]"#
            let posts: [(path: String, body: String?)] = [
                ("/cameras", TestAPI.camera(line)), ("/cameras/1/start", #"{"worker_id":"w"}"#),
                ("/cameras/1/counts", #"{"source":"w","readings":[\#(reading)]}"#),
                (
                    "/cameras/1/counts/corrections",
                    #"{"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","line":"door","class":"person","delta_in":-1,"reason":"x"}"#
                ),
                ("/cameras/1/heartbeats", #"{"observed_at":"2026-03-29T12:00:00Z","status":"online"}"#),
                ("/cameras/1/stop", nil),
            ]
            var firsts: [Answer] = []
            for (index, post) in posts.enumerated() {
                let first = try await api.post(post.path, post.body, headers: try Self.key("k\(index)"))
                try #require((200...201).contains(first.status), "\(post.path) \(first.body)")
                firsts.append(first)
            }
            let head = try await api.log.head()
            for _ in 0..<2 {
                try await loseAnswers(api)
                for (index, post) in posts.enumerated() {
                    let again = try await api.post(post.path, post.body, headers: try Self.key("k\(index)"))
                    expectReplay(again, of: firsts[index])
                }
                #expect(try await api.log.head() == head)
            }
        }
    }

    @Test func aRequestThatAppendsNothingIsMadeOnceToo() async throws {
        try await withAPI { api in
            let first = try await api.post("/projections/hourly_counts/rebuild", headers: try Self.key("k"))
            #expect(first.status == 202)
            expectReplay(
                try await api.post("/projections/hourly_counts/rebuild", headers: try Self.key("k")), of: first)
        }
    }

    @Test func answersOlderThanADayAreSweptAway() async throws {
        try await withAPI(projecting: false) { api in
            let log = try #require(api.log as? PostgresEventLog)
            for key in ["old", "new"] {
                _ = try await api.post("/cameras", TestAPI.camera(), headers: try Self.key(key))
            }
            let pool = try #require(api.pool)
            try await pool.query(
                """
                update idempotent_requests
                set created_at = created_at - interval '24 hours', created_after = created_after - 86400 * 1000000::bigint
                where stream = 'camera-1'
                """
            )
            try await RequestSweeper(log, logger: .silent).sweep()
            #expect(try await pool.query("select stream from idempotent_requests")[0].text(0) == "camera-2")
            // The key is free again.
            #expect(try await api.post("/cameras", TestAPI.camera(), headers: try Self.key("old"))["id"] == 3)
        }
    }
}

/// A log whose first append waits until it is let go.
private actor HeldLog: EventLog, IdempotentRequests {
    private let log = InMemoryEventLog(now: { Timestamp(microseconds: 1) })
    private var held: CheckedContinuation<Void, Never>?
    private var watching: CheckedContinuation<Void, Never>?
    private var isOpen = false

    func untilHeld() async {
        if held == nil { await withCheckedContinuation { watching = $0 } }
    }

    func letGo() {
        isOpen = true
        held?.resume()
        held = nil
    }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        if !isOpen {
            await withCheckedContinuation { continuation in
                held = continuation
                watching?.resume()
                watching = nil
            }
        }
        return try await log.append(appends)
    }

    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(stream, after: version, limit: limit)
    }
    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(after: position, limit: limit)
    }
    func head() async throws(EventLogError) -> Int64 { try await log.head() }
    func claim(
        _ id: String, fingerprint: String, lease: Duration, keeping: Duration
    ) async throws(EventLogError) -> RequestState {
        try await log.claim(id, fingerprint: fingerprint, lease: lease, keeping: keeping)
    }
    func finish(_ claim: RequestClaim, answer: [UInt8]) async throws(EventLogError) {
        try await log.finish(claim, answer: answer)
    }
    func release(_ claim: RequestClaim) async throws(EventLogError) { try await log.release(claim) }
    func clear(olderThan age: Duration, limit: Int) async throws(EventLogError) -> Int {
        try await log.clear(olderThan: age, limit: limit)
    }
}
