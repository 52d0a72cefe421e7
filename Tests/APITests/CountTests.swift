import EventSourcing
import Testing

@Suite struct CountTests {
    /// Sends one reading for each instant: one in, none out.
    static func send(
        _ instants: [String], line: String = "door", objectClass: String = "person", to api: TestAPI
    ) async throws {
        for instant in instants {
            let answer = try await api.post(
                "/cameras/1/counts",
                #"{"observed_at":"\#(instant)","line":"\#(line)","class":"\#(objectClass)","count_in":1,"count_out":0}"#
            )
            try #require(answer.status == 201, "\(answer.body)")
        }
        let head = try await api.log.head()
        try #require(try await api.get("/cameras/1/counts?min_position=\(head)").position == head)
    }

    /// The rows as `start/end line class in`.
    static func rows(_ query: String, of api: TestAPI) async throws -> [String] {
        let answer = try await api.get("/cameras/1/counts?\(query)")
        #expect(answer.status == 200, "\(answer.body)")
        return (answer["items"]?.array ?? []).map { row in
            "\(row["bucket_start"]?.string ?? "")/\(row["bucket_end"]?.string ?? "") "
                + "\(row["line"]?.string ?? "") \(row["class"]?.string ?? "") \(row["count_in"]?.integer ?? -1)"
        }
    }

    @Test func historyIsTheLastDayByTheHourByDefault() async throws {
        try await withAPI { api in
            try await api.register()
            try await Self.send(
                [
                    "2026-03-28T11:59:59Z", "2026-03-28T12:00:00Z", "2026-03-29T11:59:59.999999Z",
                    "2026-03-29T12:00:00Z",
                ],
                to: api)
            let answer = try await api.get("/cameras/1/counts")
            #expect(
                answer.body
                    == #"{"from":"2026-03-28T12:00:00Z","to":"2026-03-29T12:00:00Z","bucket":"hour","tz":"UTC","items":[{"bucket_start":"2026-03-28T12:00:00Z","bucket_end":"2026-03-28T13:00:00Z","line":"door","class":"person","count_in":1,"count_out":0,"total_count":1,"readings":1,"correction_in":0,"correction_out":0,"corrected_in":1,"corrected_out":0},{"bucket_start":"2026-03-29T11:00:00Z","bucket_end":"2026-03-29T12:00:00Z","line":"door","class":"person","count_in":1,"count_out":0,"total_count":1,"readings":1,"correction_in":0,"correction_out":0,"corrected_in":1,"corrected_out":0}]}"#
            )
        }
    }

    @Test func rangeIsWidenedToWholeBuckets() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Asia/Kolkata""#))
            try await Self.send(["2026-03-29T00:00:00Z"], to: api)
            for (query, from, to) in [
                ("bucket=15m", "2026-03-29T01:00:00Z", "2026-03-29T02:15:00Z"),
                ("bucket=hour", "2026-03-29T00:30:00Z", "2026-03-29T02:30:00Z"),
                ("bucket=day", "2026-03-28T18:30:00Z", "2026-03-29T18:30:00Z"),
                ("bucket=day&tz=UTC", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"),
            ] {
                let answer = try await api.get(
                    "/cameras/1/counts?\(query)&from=2026-03-29T01:00:01Z&to=2026-03-29T04:00:00.5%2B02:00")
                #expect(answer["from"]?.string == from)
                #expect(answer["to"]?.string == to)
            }
            let exact = try await api.get("/cameras/1/counts?from=2026-03-29T01:30:00Z&to=2026-03-29T02:30:00Z")
            #expect(exact["from"] == "2026-03-29T01:30:00Z")
            #expect(exact["to"] == "2026-03-29T02:30:00Z")
            #expect(exact["tz"] == "Asia/Kolkata")
        }
    }

    @Test func daysAreLocalAcrossSummerTime() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            try await api.advance(by: .seconds(12 * 3600))
            try await Self.send(
                [
                    "2025-10-25T21:59:59Z", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z", "2025-10-26T23:00:00Z",
                    "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z",
                ], to: api)
            #expect(
                try await Self.rows("bucket=day&from=2025-10-25T00:00:00Z&to=2025-10-27T00:00:00Z", of: api) == [
                    "2025-10-24T22:00:00Z/2025-10-25T22:00:00Z door person 1",
                    "2025-10-25T22:00:00Z/2025-10-26T23:00:00Z door person 2",
                    "2025-10-26T23:00:00Z/2025-10-27T23:00:00Z door person 1",
                ])
            #expect(
                try await Self.rows("bucket=day&from=2026-03-28T00:00:00Z&to=2026-03-30T00:00:00Z", of: api) == [
                    "2026-03-27T23:00:00Z/2026-03-28T23:00:00Z door person 1",
                    "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z door person 2",
                    "2026-03-29T22:00:00Z/2026-03-30T22:00:00Z door person 1",
                ])
        }
    }

    /// In Havana the clocks go back from 01:00 to 00:00, so midnight comes twice; in Beirut they skip it.
    @Test func daysAreWholeWhereClocksChangeAtMidnight() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"America/Havana""#))
            try await Self.send(
                [
                    "2025-11-02T03:59:59Z", "2025-11-02T04:00:00Z", "2025-11-02T05:00:00Z", "2025-11-03T04:59:59Z",
                    "2025-11-03T05:00:00Z",
                ], to: api)
            let havana = [
                "2025-11-01T04:00:00Z/2025-11-02T04:00:00Z door person 1",
                "2025-11-02T04:00:00Z/2025-11-03T05:00:00Z door person 3",
                "2025-11-03T05:00:00Z/2025-11-04T05:00:00Z door person 1",
            ]
            let range = "bucket=day&from=2025-11-02T03:00:00Z&to=2025-11-03T06:00:00Z"
            #expect(try await Self.rows(range, of: api) == havana)
            #expect(try await Self.rows(range + "&fill=true", of: api) == havana)

            try await Self.send(["2025-03-29T21:59:59Z", "2025-03-29T22:00:00Z", "2025-03-30T20:59:59Z"], to: api)
            #expect(
                try await Self.rows(
                    "bucket=day&tz=Asia/Beirut&from=2025-03-29T12:00:00Z&to=2025-03-30T12:00:00Z", of: api) == [
                        "2025-03-28T22:00:00Z/2025-03-29T22:00:00Z door person 1",
                        "2025-03-29T22:00:00Z/2025-03-30T21:00:00Z door person 2",
                    ])
        }
    }

    @Test func bothPassesOfARepeatedHourAreKeptApart() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""time_zone":"Europe/Berlin""#))
            try await Self.send(["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z", "2025-10-26T01:45:00Z"], to: api)
            #expect(
                try await Self.rows("from=2025-10-26T00:00:00Z&to=2025-10-26T03:00:00Z", of: api) == [
                    "2025-10-26T00:00:00Z/2025-10-26T01:00:00Z door person 1",
                    "2025-10-26T01:00:00Z/2025-10-26T02:00:00Z door person 2",
                ])
        }
    }

    @Test func countsAreFilteredAndFilled() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(lines: ["door", "Gate"]))
            try await Self.send(["2026-03-29T10:00:00Z", "2026-03-29T11:30:00Z"], to: api)
            try await Self.send(["2026-03-29T10:50:00Z"], line: "Gate", objectClass: "car", to: api)
            let range = "from=2026-03-29T10:00:00Z&to=2026-03-29T12:00:00Z"
            let ten = "2026-03-29T10:00:00Z/2026-03-29T11:00:00Z"
            let eleven = "2026-03-29T11:00:00Z/2026-03-29T12:00:00Z"
            #expect(
                try await Self.rows(range, of: api) == [
                    "\(ten) Gate car 1", "\(ten) door person 1", "\(eleven) door person 1",
                ])
            #expect(try await Self.rows(range + "&line=Gate", of: api) == ["\(ten) Gate car 1"])
            #expect(try await Self.rows(range + "&class=person&line=Gate", of: api) == [])
            #expect(
                try await Self.rows(range + "&fill=true", of: api) == [
                    "\(ten) Gate car 1", "\(ten) door person 1", "\(eleven) Gate car 0", "\(eleven) door person 1",
                ])
            #expect(
                try await Self.rows(range + "&fill=true&line=side&class=dog", of: api) == [
                    "\(ten) side dog 0", "\(eleven) side dog 0",
                ])
            #expect(try await Self.rows(range + "&bucket=15m&fill=true&line=door", of: api).count == 8)
            #expect(
                try await Self.rows(
                    "bucket=day&fill=true&from=2026-03-27T00:00:00Z&to=2026-03-30T00:00:00Z&line=door", of: api
                ).count == 3)
        }
    }

    @Test func tooManyRowsAreRefused() async throws {
        try await withAPI { api in
            try await api.register()
            try await Self.send(["2026-03-29T10:00:00Z"], to: api)
            try await api.get("/cameras/1/counts?fill=true&bucket=15m&from=2025-01-01T00:00:00Z")
                .expectProblem(422, "too_many_rows")
            #expect(try await api.get("/cameras/1/counts?bucket=15m&from=2025-01-01T00:00:00Z").status == 200)
            try await Self.send(["2026-03-29T10:00:00Z"], line: "gate", to: api)
            try await api.get("/cameras/1/counts?fill=true&bucket=15m&from=2026-01-29T00:00:00Z")
                .expectProblem(422, "too_many_rows")
        }
    }

    @Test func timeZoneThatTheDatabaseDoesNotKnowIsNamed() async throws {
        try await withAPI { api in
            let data = #"""
                {"camera_id":1,"name":"Probe","stream_url":"rtsp://mars/","stream_type":"rtsp","settings":{},"metadata":{},
                "lines":[],"time_zone":"Mars/Base"}
                """#
            let registered = NewEvent(type: "CameraRegistered", data: Array(data.utf8))
            _ = try await api.log.append(Append(to: "camera-1", events: [registered]))
            let answer = try await api.get("/cameras/1/counts?min_position=1")
            #expect(answer.faults == ["tz unknown_value"])
            #expect(try await api.get("/cameras/1/counts?min_position=1&tz=UTC").status == 200)
        }
    }

    @Test(arguments: [
        ("from=2026-03-29T10:00:00Z&to=2026-03-29T10:00:00Z", ["from out_of_range"]),
        ("from=2026-03-29T13:00:00Z", ["from out_of_range"]),
        (
            "from=yesterday&to=2026-03-29&bucket=year&tz=EST&fill=1&zone=UTC",
            [
                "to malformed", "from malformed", "tz unknown_value", "bucket unknown_value", "fill unknown_value",
                "zone unknown_parameter",
            ]
        ),
    ])
    func wrongParametersAreNamed(query: String, faults: [String]) async throws {
        try await withCommands { api in
            let answer = try await api.get("/cameras/1/counts?\(query)")
            #expect(answer.faults == faults)
        }
    }
}
