import EventSourcing
import HTTPTypes
import Testing

@Suite struct CameraPastTests {
    /// A camera that lives through all kinds of changes, a minute apart; the answers to them, oldest first.
    static func live(_ api: TestAPI) async throws -> [Answer] {
        let secret = TestAPI.camera(#""settings":{"loop":true},"metadata":{"a/b":1,"floor":{"x":1,"y":2}}"#)
            .replacing("rtsp://10", with: "rtsp://u:first@10")
        let changed = TestAPI.camera(
            #""settings":{"loop":true,"pace":"fast"},"metadata":{"a/b":2,"floor":{"x":1,"y":3}}"#, name: "Exit"
        ).replacing("rtsp://10", with: "rtsp://u:second@10")
        var answers: [Answer] = []
        for change in [
            { try await api.post("/cameras", secret, headers: [.actor: "ana", .requestID: "r-1"]) },
            { try await api.post("/cameras/1/start", #"{"worker_id":"w1"}"#, headers: [.actor: "ben"]) },
            { try await api.put("/cameras/1", changed, ifMatch: "*") },
            { try await api.post("/cameras/1/stop", #"{"reason":"night"}"#) },
        ] as [@Sendable () async throws -> Answer] {
            answers.append(try await change())
            api.clock.advance(by: .seconds(60))
        }
        return answers
    }

    static func items(_ query: String, of api: TestAPI) async throws -> [JSON] {
        let answer = try await api.get("/cameras/1/history\(query)")
        try #require(answer.status == 200, "\(answer.body)")
        return try #require(answer["items"]?.array)
    }

    /// A camera as it is, as its past shows it: whether heartbeats made it another status is not known then.
    private static func asPast(_ answer: Answer) -> String {
        let isHeard = answer["desired_state"] == "running" || answer["worker_id"] == .null
        guard isHeard, let status = answer["status"]?.string, status != "maintenance" else { return answer.body }
        return answer.body.replacing(#""status":"\#(status)""#, with: #""status":null"#)
    }

    @Test func eachStateIsFoundAgainByVersionPositionAndTime() async throws {
        try await withCommands { api in
            let answers = try await Self.live(api)
            // One command made two versions at the same instant.
            #expect(answers.map(\.eTag) == ["\"1\"", "\"2\"", "\"4\"", "\"5\""])
            for answer in answers {
                let version = try #require(answer["version"]?.integer)
                let position = try #require(answer.position)
                let time = try #require(answer["updated_at"]?.string)
                for moment in ["version=\(version)", "as_of_position=\(position)", "as_of=\(time)"] {
                    let then = try await api.get("/cameras/1?\(moment)")
                    #expect(then.status == 200, "\(then.body)")
                    #expect(then.body == Self.asPast(answer), "\(moment)")
                    #expect(then.position == position)
                    #expect(then.eTag == nil)
                }
            }
            let between = try await api.get("/cameras/1?as_of=2026-03-29T14:01:59.9%2B02:00")
            #expect(between.body == Self.asPast(answers[1]))
            #expect(try await api.get("/cameras/1?version=3")["name"] == "Exit")
        }
    }

    @Test func aRemovedCamerasPastIsStillThere() async throws {
        try await withCommands { api in
            let registered = try await api.post("/cameras", TestAPI.camera())
            #expect(try await api.delete("/cameras/1", ifMatch: "*").status == 204)
            #expect(try await api.get("/cameras/1?version=1").body == Self.asPast(registered))
            try await api.get("/cameras/1?version=2").expectProblem(410, "camera_removed")
            #expect(try await Self.items("", of: api).map { $0["type"] } == ["CameraRemoved", "CameraRegistered"])
        }
    }

    @Test func momentsThatAreNotThereAreNamed() async throws {
        try await withCommands { api in
            try await api.register()
            api.clock.advance(by: .seconds(60))
            try await api.register()

            let early = try await api.get("/cameras/2?as_of=2026-03-29T12:00:59Z")
            early.expectProblem(404, "camera_not_yet_registered")
            #expect(early["registered_at"] == "2026-03-29T12:01:00Z")
            #expect(early["position"] == 2)
            try await api.get("/cameras/2?as_of_position=1").expectProblem(404, "camera_not_yet_registered")
            try await api.get("/cameras/3?version=1").expectProblem(404, "camera_not_found")

            for (query, fault) in [
                ("version=2", "version out_of_range"), ("version=0", "version out_of_range"),
                ("as_of_position=3", "as_of_position out_of_range"),
                ("as_of=2026-03-29T12:01:00.000001Z", "as_of in_future"), ("as_of=yesterday", "as_of malformed"),
                ("as_of=2026-03-29T12:01:00Z&version=1", "as_of too_many"),
                ("version=1&min_position=1", "min_position unknown_parameter"),
            ] {
                let answer = try await api.get("/cameras/1?\(query)")
                answer.expectProblem(422, "validation_failed")
                #expect(answer.faults == [fault], "\(query)")
            }
            #expect(try await api.get("/cameras/1?as_of_position=2")["version"] == 1)
        }
    }

    @Test func historyListsEachChangeWithWhoAndWhen() async throws {
        try await withCommands { api in
            _ = try await Self.live(api)
            let items = try await Self.items("?order=oldest", of: api)
            #expect(items.map { $0["version"] } == [1, 2, 3, 4, 5])
            #expect(items.map { $0["position"] } == [1, 2, 3, 4, 5])
            #expect(items.map { $0["actor"] } == ["ana", "ben", "anonymous", "anonymous", "anonymous"])
            #expect(items[0]["correlation_id"] == "ana r-1")
            #expect(items[0]["recorded_at"] == "2026-03-29T12:00:00Z")
            #expect(
                items[0]["changes"]?.array?.contains(["member": "/name", "before": .null, "after": "Entrance"]) == true)
            #expect(
                items[1]["changes"] == [
                    ["member": "/desired_state", "before": "stopped", "after": "running"],
                    ["member": "/worker_id", "before": .null, "after": "w1"],
                    ["member": "/epoch", "before": 0, "after": 1],
                ])
            #expect(
                items[2]["changes"] == [
                    ["member": "/name", "before": "Entrance", "after": "Exit"],
                    ["member": "/settings/pace", "before": .null, "after": "fast"],
                    ["member": "/metadata/a~1b", "before": 1, "after": 2],
                    ["member": "/metadata/floor/y", "before": 2, "after": 3],
                ])
            #expect(items[4]["reason"] == "night")
        }
    }

    @Test func secretsAreNeverShownOnlyThatTheyChanged() async throws {
        try await withCommands { api in
            _ = try await Self.live(api)
            let answer = try await api.get("/cameras/1/history")
            #expect(!answer.body.contains("first"))
            #expect(!answer.body.contains("second"))
            let changed = try #require(answer["items"]?.array?.first { $0["version"] == 4 })
            #expect(
                changed["changes"] == [["member": "/stream_credentials", "before": "***", "after": "***"]])
            for version in 1...5 {
                #expect(try await api.get("/cameras/1?version=\(version)")["stream_url"] == "rtsp://***@10.0.0.5/s")
            }
        }
    }

    @Test(arguments: ["newest", "oldest"])
    func historyComesPageByPage(order: String) async throws {
        try await withCommands { api in
            _ = try await Self.live(api)
            var versions: [Int64] = []
            var pages = 0
            var path: String? = "/cameras/1/history?order=\(order)&limit=2"
            while let next = path {
                let page = try await api.get(next)
                #expect(page["version"] == 5)
                versions += (page["items"]?.array ?? []).compactMap { $0["version"]?.integer }
                pages += 1
                path = page.header("Link").flatMap { link in
                    link.firstMatch(of: /<\/api\/v1(.*)>; rel="next"/).map { String($0.1) }
                }
            }
            #expect(versions == (order == "newest" ? [5, 4, 3, 2, 1] : [1, 2, 3, 4, 5]))
            #expect(pages == 3)
        }
    }

    @Test func wrongPagesAreRefused() async throws {
        try await withCommands { api in
            try await api.register()
            for (query, fault) in [
                ("order=up", "order unknown_value"), ("limit=101", "limit out_of_range"),
                ("after_version=1", "order malformed"), ("order=oldest&before_version=1", "order malformed"),
            ] {
                #expect(try await api.get("/cameras/1/history?\(query)").faults == [fault], "\(query)")
            }
            try await api.get("/cameras/2/history").expectProblem(404, "camera_not_found")
        }
    }

    /// The past is folded from the log and the present read from the read model: where they meet they are the same.
    @Test func thePresentIsTheLastOfThePast() async throws {
        try await withAPI { api in
            let last = try #require(try await Self.live(api).last)
            let present = try await api.get("/cameras/1?min_position=\(try #require(last.position))")
            let past = try await api.get("/cameras/1?version=5")
            // Its health, and what it counted, are no part of the camera as it was.
            #expect(present.body.hasPrefix(past.body.dropLast() + ",\"health\":"))
            #expect(present.eTag == "\"5\"")
            let items = try await Self.items("", of: api)
            let third = try #require(items[2]["recorded_at"]?.string)
            #expect(try await api.get("/cameras/1?as_of=\(third)")["version"] == 4)
        }
    }
}
