import EventSourcing
import HTTPTypes
import Testing

@Suite struct CountCorrectionTests {
    static func body(
        _ members: String = #""delta_in":-2"#, from: String = "2026-03-29T10:00:00Z",
        to: String = "2026-03-29T11:00:00Z",
        reason: String? = "a dog"
    ) -> String {
        let reason = reason.map { #","reason":"\#($0)""# } ?? ""
        return #"{"from":"\#(from)","to":"\#(to)","line":"door","class":"person",\#(members)\#(reason)}"#
    }

    static let explained = "/cameras/1/counts/explain?\(CountExplanationTests.range)"

    @Test func correctionStandsBesideWhatWasMeasured() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send(
                ["2026-03-29T10:00:00Z", "2026-03-29T10:05:00Z", "2026-03-29T10:30:00Z", "2026-03-29T10:31:00Z"],
                to: api)
            let answer = try await api.post(
                "/cameras/1/counts/corrections", Self.body(#""delta_in":-2,"delta_out":1"#),
                headers: [.actor: "ana"])
            #expect(answer.status == 201, "\(answer.body)")
            #expect(answer.position == 6)
            #expect(answer["position"] == 6)
            #expect(answer["dry_run"] == false)
            let buckets = try #require(answer["buckets"]?.array)
            #expect(buckets.map { $0["bucket_start"] } == ["2026-03-29T10:00:00Z", "2026-03-29T10:30:00Z"])
            #expect(
                buckets[0]["before"] == [
                    "count_in": 2, "count_out": 0, "correction_in": 0, "correction_out": 0, "corrected_in": 2,
                    "corrected_out": 0,
                ])
            #expect(
                buckets[0]["after"] == [
                    "count_in": 2, "count_out": 0, "correction_in": -1, "correction_out": 1, "corrected_in": 1,
                    "corrected_out": 1,
                ])

            let head = try await CountExplanationTests.settle(api)
            #expect(head == 6)
            let hour = try await api.get("/cameras/1/counts?\(CountExplanationTests.range)")
            let row = try #require(hour["items"]?.array?.first)
            #expect(row["count_in"] == 4)
            #expect(row["readings"] == 4)
            #expect(row["correction_in"] == -2)
            #expect(row["correction_out"] == 1)
            #expect(row["corrected_in"] == 2)
            #expect(row["corrected_out"] == 1)

            let explained = try await api.get(Self.explained)
            #expect(explained["differs"] == false)
            #expect(explained["explained"]?["corrected_in"] == 2)
            let item = try #require(explained["items"]?.array?.last)
            #expect(item["type"] == "CountCorrected")
            #expect(item["reason"] == "a dog")
            #expect(item["actor"] == "ana")
            #expect(item["correction_in"] == -2)
            #expect(item["from"] == "2026-03-29T10:00:00Z")
            let half = try await api.get(
                "/cameras/1/counts/explain?from=2026-03-29T10:30:00Z&to=2026-03-29T11:00:00Z")
            #expect(half["items"]?.array?.last?["correction_in"] == -1)
            #expect(half["differs"] == false)
            // The camera itself has not changed.
            #expect(try await api.get("/cameras/1").eTag == "\"1\"")
        }
    }

    @Test func dryRunSaysWhatWouldChangeAndChangesNothing() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send(["2026-03-29T10:00:00Z", "2026-03-29T10:05:00Z"], to: api)
            let head = try await api.log.head()
            let preview = try await api.post("/cameras/1/counts/corrections?dry_run=true", Self.body())
            #expect(preview.status == 200, "\(preview.body)")
            #expect(preview["dry_run"] == true)
            #expect(preview["position"] == .null)
            #expect(preview["buckets"]?.array?.first?["after"]?["corrected_in"] == 0)
            #expect(try await api.log.head() == head)
            let done = try await api.post("/cameras/1/counts/corrections?dry_run=false", Self.body())
            #expect(done["buckets"] == preview["buckets"])
        }
    }

    @Test func noCountGoesBelowZero() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send(
                ["2026-03-29T10:00:00Z", "2026-03-29T10:05:00Z", "2026-03-29T11:00:00Z"], to: api)
            let head = try await api.log.head()
            for query in ["", "?dry_run=true"] {
                let refused = try await api.post(
                    "/cameras/1/counts/corrections\(query)", Self.body(#""delta_in":-3"#))
                refused.expectProblem(422, "count_below_zero")
                #expect(refused["corrected_in"] == 2)
            }
            #expect(try await api.log.head() == head)
            #expect(try await api.post("/cameras/1/counts/corrections", Self.body()).status == 201)
            try await api.post("/cameras/1/counts/corrections", Self.body(#""delta_in":-1"#))
                .expectProblem(422, "count_below_zero")
            #expect(try await api.post("/cameras/1/counts/corrections", Self.body(#""delta_in":3"#)).status == 201)
            #expect(try await api.post("/cameras/1/counts/corrections", Self.body(#""delta_in":-1"#)).status == 201)
        }
    }

    /// Each takes off one of five; whichever come too late find nothing left.
    @Test func correctionsAtTheSameTimeTakeOffNoMoreThanThereIs() async throws {
        try await withAPI { api in
            try await api.register()
            try await CountTests.send((0..<5).map { "2026-03-29T10:0\($0):00Z" }, to: api)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await api.post("/cameras/1/counts/corrections", Self.body(#""delta_in":-1"#)).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201, 201, 201, 201, 201, 422, 422, 422])
            _ = try await CountExplanationTests.settle(api)
            let explained = try await api.get(Self.explained)
            #expect(explained["explained"]?["corrected_in"] == 0)
            #expect(explained["differs"] == false)
        }
    }

    @Test(arguments: [
        (body(reason: nil), ["/reason required"]),
        (body(reason: " "), ["/reason too_short"]),
        (body(#""delta_in":0"#), ["/delta_in out_of_range"]),
        (body(#""delta_in":1.5"#), ["/delta_in wrong_type"]),
        (body(from: "2026-03-29T10:01:00Z"), ["/from out_of_range"]),
        (body(from: "2026-03-29T11:00:00Z"), ["/from out_of_range"]),
        (body(from: "2026-03-21T11:00:00Z"), ["/from too_large"]),
        (body(to: "2026-03-29T12:15:00Z"), ["/to in_future"]),
        (
            #"{"from":"2026-03-29T10:00:00Z","to":"2026-03-29T10:15:00Z","colour":"red"}"#,
            [
                "/delta_in out_of_range", "/reason required",
                "/colour unknown_member",
            ]
        ),
    ])
    func wrongCorrectionsAreRefusedWithEachFault(body: String, faults: [String]) async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras/1/counts/corrections", body)
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == faults)
        }
    }

    @Test func onlyACameraThatIsThereIsCorrected() async throws {
        try await withAPI { api in
            try await api.register()
            for query in ["", "?dry_run=true"] {
                try await api.post("/cameras/9/counts/corrections\(query)", Self.body(#""delta_in":2"#))
                    .expectProblem(404, "camera_not_found")
            }
            // Before the camera's first reading, there is nothing to take off but something to add.
            #expect(try await api.post("/cameras/1/counts/corrections", Self.body(#""delta_in":2"#)).status == 201)
            #expect(try await api.delete("/cameras/1", ifMatch: "*").status == 204)
            for query in ["", "?dry_run=true"] {
                try await api.post("/cameras/1/counts/corrections\(query)", Self.body(#""delta_in":2"#))
                    .expectProblem(410, "camera_removed")
            }
        }
    }
}
