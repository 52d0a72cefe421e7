import Access
import EventSourcing
import Testing

/// One name, however its letters are put together: names are brought to NFC where they come in.
@Suite struct NormalFormTests {
    private static let composed = "Caf\u{E9}"
    private static let decomposed = "Cafe\u{301}"
    private static let inAddress = ["Caf%C3%A9", "Cafe%CC%81"]

    @Test func oneLineIsCountedOnceAndFoundInBothForms() async throws {
        try await withAPI { api in
            try await api.register(
                TestAPI.camera(#""location":"\#(Self.decomposed)""#, name: Self.decomposed, lines: [Self.decomposed]))
            for name in [Self.composed, Self.decomposed] {
                for objectClass in [Self.composed, Self.decomposed] {
                    try await CountTests.send(["2026-03-29T10:00:00Z"], line: name, objectClass: objectClass, to: api)
                }
            }
            let head = try await api.log.head()
            let items = try await api.get("/cameras/1/counts?min_position=\(head)")["items"]?.array ?? []
            #expect(items.map { $0["readings"] } == [4])
            #expect(items.first?["line"] == .string(Self.composed))
            #expect(items.first?["class"] == .string(Self.composed))
            for name in Self.inAddress {
                for query in ["line=\(name)", "class=\(name)"] {
                    #expect(try await api.get("/cameras/1/counts?\(query)")["items"]?.array?.count == 1, "\(query)")
                    let explained = try await api.get("/cameras/1/counts/explain?\(query)")
                    #expect(explained["explained"]?["readings"] == 4 && explained["differs"] == false)
                }
                for query in ["location=\(name)", "location_prefix=\(name)", "search=\(name)"] {
                    #expect(try await api.get("/cameras?\(query)")["total"] == 1, "\(query)")
                }
                #expect(try await api.get("/counts?location=\(name)")["items"]?.array?.count == 1)
            }
            for name in [Self.composed, Self.decomposed] {
                let export = try await api.post(
                    "/export",
                    #"""
                    {"kind":"readings","format":"jsonl","from":"2026-03-29T10:00:00Z","to":"2026-03-29T11:00:00Z",
                    "line":"\#(name)","location":"\#(name)"}
                    """#)
                #expect(export.body.split(separator: "\n").count == 4)
            }
        }
    }

    @Test func twoLinesOfOneNameAreRefused() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", TestAPI.camera(lines: [Self.composed, Self.decomposed]))
            #expect(answer.faults == ["/lines duplicate_name"])
        }
    }

    @Test(arguments: [composed, decomposed])
    func aTokensLocationIsThatOfItsCameras(location: String) async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let mine = api.with(try tokens.token("ana", [.operator], [], .location(location)))
            for name in [Self.composed, Self.decomposed] {
                let answer = try await mine.post("/cameras", TestAPI.camera(#""location":"\#(name)""#))
                #expect(answer.status == 201, "\(answer.body)")
                #expect(answer["location"] == .string(Self.composed))
                let id = try #require(answer["id"]?.integer)
                // Whether a token is for a camera is looked up in the read model.
                let isThere = await api.checkpoints?.wait(
                    for: ["camera_state"], toReach: answer.position ?? 0, timeout: .seconds(60))
                #expect(isThere == true)
                #expect(try await mine.get("/cameras/\(id)").status == 200)
            }
            try await mine.post("/cameras", TestAPI.camera(#""location":"Cafe""#)).expectProblem(403, "forbidden")
        }
    }

    @Test func aSourceIsOneInBothForms() async throws {
        try await withCommands { api in
            try await api.register()
            let send = { (source: String, model: String) in
                try await api.post(
                    "/cameras/1/counts",
                    #"""
                    {"source":"\#(source)","sequence":1,"count_in":1,"count_out":0,"line":"door","ai_model_version":"\#(model)"}
                    """#)
            }
            #expect(try await send(Self.decomposed, Self.decomposed).status == 201)
            let again = try await send(Self.composed, Self.composed)
            #expect(again["results"]?.array?.first?["outcome"] == "duplicate", "\(again.body)")
        }
    }

    /// What an earlier release stored as it came says the same as what is sent now.
    @Test func aRepetitionOfAReadingThatWasStoredInAnotherFormIsADuplicate() async throws {
        try await withCommands { api in
            let id = try await api.register(TestAPI.camera(lines: [Self.composed]))
            let data = #"""
                {"camera_id":\#(id),"observed_at":"2026-03-29T11:00:00Z","line":"\#(Self.decomposed)","class":"person",
                "count_in":1,"count_out":0}
                """#
            _ = try await api.log.append(
                Append(
                    to: "telemetry-1", producer: ProducerSequence(source: "w", sequence: 1),
                    events: [NewEvent(type: "CountReadingRecorded", data: Array(data.utf8))]))
            let again = try await api.post(
                "/cameras/1/counts",
                #"""
                {"source":"w","sequence":1,"observed_at":"2026-03-29T11:00:00Z","line":"\#(Self.decomposed)",
                "class":"person","count_in":1,"count_out":0}
                """#)
            #expect(again["results"]?.array?.first?["outcome"] == "duplicate", "\(again.body)")
        }
    }

    /// A camera whose line an earlier release stored as it came.
    @Test func aLineThatWasStoredInAnotherFormIsKnown() async throws {
        try await withCommands { api in
            let data = #"""
                {"camera_id":1,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.5/s",
                "stream_type":"rtsp","lines":[\#(TestAPI.line(Self.decomposed))]}
                """#
            _ = try await api.log.append(
                Append(
                    to: "camera-1", expecting: .noStream,
                    events: [NewEvent(type: "CameraRegistered", data: Array(data.utf8))], opens: ["telemetry-1"]))
            for body in [
                #"{"line":"\#(Self.decomposed)","count_in":1,"count_out":0}"#, #"{"count_in":1,"count_out":0}"#,
            ] {
                #expect(try await api.post("/cameras/1/counts", body).status == 201)
            }
            for event in try await api.log.readAll("telemetry-1") {
                #expect(try JSON.parse(event.data)["line"] == .string(Self.composed))
            }
        }
    }

    /// RFC 8259 knows no equality of names but that of their code points.
    @Test func metadataMayHaveMembersInBothForms() async throws {
        try await withAPI { api in
            let metadata = #"{"\#(Self.composed)":1,"\#(Self.decomposed)":2}"#
            let answer = try await api.post("/cameras", TestAPI.camera(#""metadata":\#(metadata)"#))
            #expect(answer.status == 201, "\(answer.body)")
            for shown in [answer, try await api.get("/cameras/1?min_position=1")] {
                #expect(shown["metadata"]?[Self.composed] == 1)
                #expect(shown["metadata"]?[Self.decomposed] == 2)
            }
            // Another spelling of a member is another member.
            let changed = try await api.put(
                "/cameras/1", TestAPI.camera(#""metadata":{"\#(Self.composed)":1}"#), ifMatch: "\"1\"")
            #expect(changed.eTag == "\"2\"" && changed["metadata"]?.object?.count == 1)
        }
    }

    @Test func anUnknownMemberIsNotTakenForOneThatLooksAlike() async throws {
        try await withCommands { api in
            // U+212A, the Kelvin sign, is canonically equivalent to K.
            let answer = try await api.post("/cameras", TestAPI.camera("\"\u{212A}ind\":1"))
            #expect(answer.faults == ["/\u{212A}ind unknown_member"])
        }
    }
}
