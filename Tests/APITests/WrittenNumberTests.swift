import EventSourcing
import TestSupport
import Testing

/// The numbers of free-form members are kept and shown as they were written.
@Suite struct WrittenNumberTests {
    private static let numbers = [
        "1e308", "1.50", "-0", "1E5", "12345678901234567890.5", "1e-300", "0.10", "100.00", "-0.0", "5e-324",
    ]

    /// Metadata of one member, and how every answer writes it.
    private static func metadata(_ number: String) -> (sent: String, shown: String) {
        (#"{"n": \#(number) ,"a":[ \#(number)]}"#, #""metadata":{"a": [\#(number)], "n": \#(number)}"#)
    }

    @Test func everyAnswerWritesThemAsTheyWereSent() async throws {
        try await withAPI { api in
            for (index, number) in Self.numbers.enumerated() { try await Self.check(number, Int64(index + 1), api) }
            try await Self.checkRebuild(api)
        }
    }

    private static func check(_ number: String, _ id: Int64, _ api: TestAPI) async throws {
        let (sent, shown) = metadata(number)
        let posted = try await api.post("/cameras", TestAPI.camera(#""metadata":\#(sent)"#))
        #expect(posted.status == 201, "\(posted.body)")
        #expect(posted.body.contains(shown), "\(posted.body)")
        let put = try await api.put(
            "/cameras/\(id)", TestAPI.camera(#""metadata":\#(sent),"location":"Hall""#), ifMatch: "*")
        #expect(put.body.contains(shown), "\(put.body)")
        let patched = try await api.patch("/cameras/\(id)", #"{"metadata":{"later":\#(number)}}"#, ifMatch: "*")
        let last = #""metadata":{"a": [\#(number)], "n": \#(number), "later": \#(number)}"#
        #expect(patched.body.contains(last), "\(patched.body)")
        try await api.settle()
        #expect((try await api.get("/cameras/\(id)")).body.contains(last))
        let list = try await api.get("/cameras?sort=-id&limit=1")
        #expect(list.body.contains(last), "\(list.body)")
        #expect((try await api.get("/cameras/\(id)?version=2")).body.contains(shown))
        #expect((try await api.get("/cameras/\(id)?as_of_position=\(id * 3)")).body.contains(last))
        let history = (try await api.get("/cameras/\(id)/history")).body
        #expect(history.contains(#"{"member":"/metadata/later","before":null,"after":\#(number)}"#), "\(history)")
        // What GET gave is taken back, and is no change.
        let document = try await api.get("/cameras/\(id)")
        let again = try await api.put("/cameras/\(id)", document.body, ifMatch: "*")
        #expect(again.status == 200 && again.eTag == document.eTag, "\(again.body)")
    }

    private static func checkRebuild(_ api: TestAPI) async throws {
        let before = try await api.get("/cameras?limit=100").body
        let old = try await build(api)
        #expect(try await api.post("/projections/camera_state/rebuild").status == 202)
        while try await build(api) == old { await Task.yield() }
        #expect(try await api.get("/cameras?limit=100").body == before)
    }

    private static func build(_ api: TestAPI) async throws -> JSON? {
        let items = try await api.get("/projections")["items"]?.array ?? []
        return items.first { $0["name"] == "camera_state" }?["active"]?["build"]
    }

    @Test func anotherSpellingIsAChange() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""metadata":{"n":1.5}"#))
            let answer = try await api.patch("/cameras/1", #"{"metadata":{"n":1.50}}"#, ifMatch: "*")
            #expect(answer.eTag == "\"2\"")
            let history = (try await api.get("/cameras/1/history")).body
            #expect(history.contains(#"{"member":"/metadata/n","before":1.5,"after":1.50}"#), "\(history)")
        }
    }

    @Test func theyAreFoundHoweverTheyWereWritten() async throws {
        try await withAPI { api in
            for number in ["1E5", "100000", "1e5", "100000.0", "99999"] {
                try await api.register(TestAPI.camera(#""metadata":{"store":\#(number)}"#))
            }
            try await api.settle()
            #expect(try await api.get("/cameras?metadata.store=100000")["total"] == 4)
        }
    }

    /// 2,300 numbers of 309 digits each were 716 kB.
    @Test func aLargeNumberTakesNoMoreRoomThanWasSent() async throws {
        try await withAPI { api in
            let numbers = Array(repeating: "1e308", count: 2_300).joined(separator: ",")
            try await api.register(TestAPI.camera(#""metadata":{"n":[\#(numbers)]}"#))
            try await api.settle()
            #expect(try await api.get("/cameras/1").body.utf8.count < 20_000)
            #expect(try await api.get("/audit").body.utf8.count < 20_000)
            let audit = (try await api.get("/audit")).body
            #expect(audit.contains(#"\"n\": [1e308, 1e308"#))
        }
    }

    @Test func numberThatTheDatabaseCannotHoldIsRefused() async throws {
        try await withAPI { api in
            let refused = try await api.post("/cameras", TestAPI.camera(#""metadata":{"n":0e-20000}"#))
            refused.expectProblem(422, "validation_failed")
            let digits = String(repeating: "5", count: 16_000)
            for number in ["0e-16383", "1.\(digits)e-300", "0.\(String(repeating: "0", count: 16_200))1e16200"] {
                let id = try await api.register(TestAPI.camera(#""metadata":{"n":\#(number)}"#))
                try await api.settle()
                #expect((try await api.get("/cameras/\(id)")).body.contains(number))
            }
        }
    }

    /// Frame data is encrypted as text.
    @Test func frameDataKeepsThem() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""settings":{"keep_frame_data":true}"#))
            let answer = try await api.post(
                "/cameras/1/counts",
                #"{"observed_at":"2026-03-29T11:00:00Z","line":"door","count_in":1,"count_out":0,"frame_data":{"n":1E5,"m":1.50}}"#
            )
            #expect(answer.status == 201, "\(answer.body)")
            let position = try #require(answer.position)
            let frame = (try await api.get("/cameras/1/frames/\(position)")).body
            #expect(frame.contains(#"{"m":1.50,"n":1E5}"#), "\(frame)")
        }
    }
}
