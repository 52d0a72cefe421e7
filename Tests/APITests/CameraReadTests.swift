import EventSourcing
import HTTPTypes
import Testing

@Suite struct CameraReadTests {
    /// Cameras whose texts and numbers PostgreSQL and Swift could write differently.
    static let awkward = [
        CameraCommandTests.full,
        TestAPI.camera(name: "plain"),
        TestAPI.camera(
            #""location":"\u0022\\/ é 😀 \u2028","description":"a\r\n\tb","metadata":{"":1e22,"x":1,"\u007f":"\u007f"}"#),
        TestAPI.camera(
            #"""
            "metadata":{"a":[1e-7,1.5e-10,-2.25e-5,1e17,1.25e20,-1e300,0.1,100,-0.0,1.10,123456789012345680,1e15,5e-324],
            "bb":{"é":1,"zz":2,"aaa":3,"b":null},"\u0001\u001f\b\f\"\\":"\u0001\u001f\b\f\"\\"},
            "lines":[{"name":"a\"b","from":[0.000001,1e-9],"to":[-0.0,1],"inside":[0.3333333333333333,0.1]}]
            """#),
    ]

    @Test(arguments: awkward)
    func readingGivesTheBytesOfTheCommandsAnswer(body: String) async throws {
        try await withAPI { api in
            var answer = try await api.post("/cameras", body)
            #expect(answer.status == 201, "\(answer.body)")
            for command in ["", "start", "stop", "restart"] {
                if !command.isEmpty { answer = try await api.post("/cameras/1/\(command)") }
                let position = try #require(answer.position)
                let read = try await api.get("/cameras/1?min_position=\(position)")
                #expect(read.body.hasPrefix(answer.body.dropLast() + #","health":null,"counts_today":{"#))
                #expect(read.eTag == answer.eTag)
                #expect(read.position == position)
                api.clock.advance(by: .seconds(1))
            }
            let same = try await api.put("/cameras/1", body.replacing("u:p@", with: "***@"), ifMatch: "*")
            #expect(same.body == answer.body)
            #expect(same.position == answer.position)
        }
    }

    @Test func replacedAndChangedCamerasAreReadTheSame() async throws {
        try await withAPI { api in
            try await api.register(CameraCommandTests.full)
            let commands: [() async throws -> Answer] = [
                { try await api.put("/cameras/1", TestAPI.camera(#""location":"Hall 2""#), ifMatch: "\"1\"") },
                { try await api.patch("/cameras/1/status", #"{"status":"error"}"#, ifMatch: "*") },
                { try await api.post("/cameras/1/start", headers: [.actor: "ben"]) },
                { try await api.patch("/cameras/1/status", #"{"status":"maintenance"}"#, ifMatch: "*") },
            ]
            for command in commands {
                let answer = try await command()
                #expect(answer.status == 200, "\(answer.body)")
                let read = try await api.get("/cameras/1?min_position=\(try #require(answer.position))")
                #expect(read.body.hasPrefix(answer.body.dropLast()))
            }
        }
    }

    @Test func readersThatHaveTheVersionAreToldSo() async throws {
        try await withAPI { api in
            try await api.register()
            for tag in ["\"1\"", "W/\"1\"", "\"9\", \"1\"", "*"] {
                let answer = try await api.get("/cameras/1?min_position=1", headers: [.ifNoneMatch: tag])
                #expect(answer.status == 304)
                #expect(answer.eTag == "\"1\"")
                #expect(answer.position == 1)
                #expect(answer.body.isEmpty)
            }
            #expect(try await api.get("/cameras/1", headers: [.ifNoneMatch: "\"2\""]).status == 200)
            try await api.get("/cameras/1", headers: [.ifNoneMatch: "2"]).expectProblem(400, "malformed_header")
        }
    }

    @Test func unknownAndRemovedCamerasAreTold() async throws {
        try await withAPI { api in
            try await api.register()
            let position = try #require(try await api.delete("/cameras/1", ifMatch: "*").position)
            for path in ["", "/health", "/counts"] {
                try await api.get("/cameras/2\(path)").expectProblem(404, "camera_not_found")
                try await api.get("/cameras/1\(path)?min_position=\(position)").expectProblem(410, "camera_removed")
            }
            #expect(try await api.get("/cameras")["items"] == [])
        }
    }

    @Test func listsAreFilteredOrderedAndPaged() async throws {
        try await withAPI { api in
            for name in ["Berta", "anton", "Cäsar", "Dora"] {
                try await api.register(
                    TestAPI.camera(#""location":"Hall \#(name.count)","description":"50%_ \#(name)""#, name: name))
            }
            _ = try await api.post("/cameras/2/start", #"{"worker_id":"w1"}"#)
            _ = try await api.patch("/cameras/3/status", #"{"status":"online"}"#, ifMatch: "*")
            let position = try await api.log.head()
            _ = try await api.get("/cameras?min_position=\(position)")

            func ids(_ query: String) async throws -> [Int64] {
                let answer = try await api.get("/cameras?\(query)")
                #expect(answer.position == position)
                return (answer["items"]?.array ?? []).compactMap { $0["id"]?.integer }
            }
            #expect(try await ids("") == [1, 2, 3, 4])
            #expect(try await ids("sort=-id") == [4, 3, 2, 1])
            #expect(try await ids("sort=-created_at") == [4, 3, 2, 1])
            #expect(try await ids("sort=-status&limit=1") == [3])
            #expect(try await ids("status=online") == [3])
            #expect(try await ids("desired_state=running") == [2])
            #expect(try await ids("worker_id=w1") == [2])
            #expect(try await ids("worker_id=w2") == [])
            #expect(try await ids("location_prefix=hall%205") == [1, 2, 3])
            #expect(try await ids("location=hall%205") == [])
            #expect(try await ids("search=DORA") == [4])
            #expect(try await ids("search=%25_%20c%C3%A4") == [3])
            #expect(try await ids("search=%25&status=offline") == [1, 2, 4])
            #expect(try await ids("skip=1&limit=2") == [2, 3])
            #expect(try await ids("skip=9") == [])
        }
    }

    @Test func listsTellTotalAndOtherPages() async throws {
        try await withAPI { api in
            for _ in 0..<5 { try await api.register() }
            let page = try await api.get("/cameras?skip=2&limit=2&search=ent%26&min_position=5")
            #expect(page["total"] == 0)
            #expect(
                page.header("Link")
                    == #"</api/v1/cameras?skip=0&limit=2&sort=id&search=ent%26>; rel="first", </api/v1/cameras?skip=0&limit=2&sort=id&search=ent%26>; rel="prev", </api/v1/cameras?skip=0&limit=2&sort=id&search=ent%26>; rel="last""#
            )
            let middle = try await api.get("/cameras?skip=2&limit=2&sort=-name")
            #expect(middle["total"] == 5)
            #expect(middle["skip"] == 2)
            #expect(middle["limit"] == 2)
            #expect(
                middle.header("Link")
                    == #"</api/v1/cameras?skip=0&limit=2&sort=-name>; rel="first", </api/v1/cameras?skip=0&limit=2&sort=-name>; rel="prev", </api/v1/cameras?skip=4&limit=2&sort=-name>; rel="next", </api/v1/cameras?skip=4&limit=2&sort=-name>; rel="last""#
            )
            let item = try #require(middle["items"]?.array?.first)
            let keys = try await api.get("/cameras/1").json.object?.keys.map(\.self) ?? []
            #expect((item.object?.keys).map(Array.init) == keys.filter { $0 != "health" && $0 != "counts_today" })
        }
    }

    @Test func headAnswersWithoutABody() async throws {
        try await withAPI(.live) { api in
            try await api.register()
            let answer = try await api.send(.head, "/cameras/1?min_position=1")
            #expect(answer.status == 200)
            #expect(answer.eTag == "\"1\"")
            #expect(answer.body.isEmpty)
        }
    }

    @Test func cameraIsShownWithItsHealthAndWhatItCountedToday() async throws {
        try await withAPI { api in
            // The clocks went forward that night: the day begins at 23:00 UTC.
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            let unheard = try await api.get("/cameras/1?min_position=1")
            #expect(unheard["health"] == .null)
            #expect(
                unheard["counts_today"] == [
                    "from": "2026-03-28T23:00:00Z", "count_in": 0, "count_out": 0, "corrected_in": 0,
                    "corrected_out": 0, "readings": 0, "position": unheard["counts_today"]?["position"] ?? .null,
                ])
            try await HealthTests.beat("2026-03-29T11:59:00Z", "online", #","fps":25,"frames_dropped":2"#, to: api)
            for (instant, count) in [
                ("2026-03-28T22:59:59Z", 100), ("2026-03-28T23:00:00Z", 3), ("2026-03-29T11:59:00Z", 4),
            ] {
                let answer = try await api.post(
                    "/cameras/1/counts",
                    #"{"observed_at":"\#(instant)","line":"door","class":"person","count_in":\#(count),"count_out":1}"#)
                try #require(answer.status == 201)
            }
            let correction = try await api.post(
                "/cameras/1/counts/corrections",
                #"""
                {"from":"2026-03-29T11:45:00Z","to":"2026-03-29T12:00:00Z","line":"door","class":"person","delta_in":-1,
                "reason":"a dog"}
                """#)
            let position = try #require(correction.position)
            for part in ["health", "counts"] { _ = try await api.get("/cameras/1/\(part)?min_position=\(position)") }
            let answer = try await api.get("/cameras/1")
            #expect(answer.position == position)
            #expect(answer["health"]?["position"]?.integer == position)
            #expect(answer.header("Cache-Control") == "no-store")
            #expect(answer["health"]?["status"] == "online")
            #expect(answer["health"]?["fps"]?.number == 25)
            #expect(answer["health"]?["frames_dropped"] == 2)
            #expect(
                answer["counts_today"] == [
                    "from": "2026-03-28T23:00:00Z", "count_in": 7, "count_out": 2, "corrected_in": 6,
                    "corrected_out": 2, "readings": 2, "position": .integer(position),
                ])
            // The tag is the camera's own: what changed is not the camera.
            #expect(answer.eTag == unheard.eTag)
            api.clock.advance(by: .seconds(12 * 3600))
            let tomorrow = try await api.get("/cameras/1")
            #expect(tomorrow["counts_today"]?["from"] == "2026-03-29T22:00:00Z")
            #expect(tomorrow["counts_today"]?["readings"] == 0)
        }
    }
}
