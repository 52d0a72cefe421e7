import EventSourcing
import Testing

/// What comes of a sequence that is used again.
@Suite struct SequenceTests {
    private static func reading(_ sequence: Int, _ members: String = "", countIn: Int = 3) -> String {
        let more = members.isEmpty ? "" : ",\(members)"
        return #"""
            {"sequence":\#(sequence),"observed_at":"2026-03-29T11:00:00Z","line":"door","class":"person",
            "count_in":\#(countIn),"count_out":1\#(more)}
            """#
    }

    private static func batch(_ readings: String..., source: String = "gate-1") -> String {
        #"{"source":"\#(source)","readings":[\#(readings.joined(separator: ","))]}"#
    }

    private static func outcomes(_ answer: Answer) -> [String] {
        answer["results"]?.array?.map { $0["outcome"]?.string ?? "?" } ?? []
    }

    /// A device that begins again with 1: what it counts then is never taken for what it counted before.
    @Test func anotherReadingUnderASequenceIsAConflictThatShowsWhatStandsThere() async throws {
        try await withCommands { api in
            try await api.register()
            _ = try await api.post("/cameras/1/counts", Self.batch(Self.reading(1), Self.reading(2)))
            let answer = try await api.post(
                "/cameras/1/counts", Self.batch(Self.reading(1), Self.reading(2, countIn: 5), Self.reading(7)))
            #expect(answer.status == 201)
            #expect(Self.outcomes(answer) == ["duplicate", "conflict", "appended"])
            #expect(
                answer["results"]?.array?[1] == [
                    "sequence": 2, "outcome": "conflict", "position": 3,
                    "stored": [
                        "observed_at": "2026-03-29T11:00:00Z", "line": "door", "class": "person", "count_in": 3,
                        "count_out": 1, "type": "CountReadingRecorded", "recorded_at": "2026-03-29T12:00:00Z",
                    ],
                ])
            #expect(try await api.log.head() == 4)
        }
    }

    @Test(arguments: [true, false])
    func aConflictThatIsTheOnlyReportOfItsRequestIs409(isBatch: Bool) async throws {
        try await withCommands { api in
            try await api.register()
            let body = { (count: Int) in
                let reading = Self.reading(4, countIn: count)
                return isBatch
                    ? Self.batch(reading) : reading.replacing("{", with: #"{"source":"gate-1","#, maxReplacements: 1)
            }
            #expect(try await api.post("/cameras/1/counts", body(3)).status == 201)
            #expect(Self.outcomes(try await api.post("/cameras/1/counts", body(3))) == ["duplicate"])
            let answer = try await api.post("/cameras/1/counts", body(8))
            answer.expectProblem(409, "sequence_conflict")
            #expect(answer["position"] == 2)
            #expect(answer["source"] == "gate-1")
            #expect(answer["sequence"] == 4)
            #expect(answer["stored"]?["count_in"] == 3)
            #expect(answer["stored"]?["camera_id"] == nil)
        }
    }

    @Test func aSequenceThatWasPassedOverIsAConflictWithNothing() async throws {
        try await withCommands { api in
            try await api.register()
            _ = try await api.post("/cameras/1/counts", Self.batch(Self.reading(5)))
            let answer = try await api.post("/cameras/1/counts", Self.batch(Self.reading(3)))
            answer.expectProblem(409, "sequence_conflict")
            #expect(answer["position"] == .null)
            #expect(answer["stored"] == .null)
            #expect(try await api.log.head() == 2)
        }
    }

    @Test func heartbeatsAndReadingsShareTheirSourcesSequences() async throws {
        try await withCommands { api in
            try await api.register()
            let beat = { (fps: Double) in
                #"""
                {"source":"gate-1","sequence":1,"observed_at":"2026-03-29T12:00:00Z","status":"online","fps":\#(fps)}
                """#
            }
            #expect(try await api.post("/cameras/1/heartbeats", beat(25)).status == 201)
            #expect(Self.outcomes(try await api.post("/cameras/1/heartbeats", beat(25.0))) == ["duplicate"])
            let other = try await api.post("/cameras/1/heartbeats", beat(24))
            other.expectProblem(409, "sequence_conflict")
            #expect(other["stored"]?["fps"]?.number == 25)
            let reading = try await api.post("/cameras/1/counts", Self.batch(Self.reading(1)))
            reading.expectProblem(409, "sequence_conflict")
            #expect(reading["stored"]?["type"] == "HeartbeatRecorded")
        }
    }

    @Test(arguments: [
        (#""confidence_score":0.5"#, #""confidence_score":0.50"#, "duplicate"),
        (#""confidence_score":0.5"#, #""confidence_score":0.6"#, "conflict"),
        (#""confidence_score":0.5"#, "", "conflict"),
        ("", #""ai_model_version":"v8""#, "conflict"),
        // A recording that is played again after a crash is the same, however long each picture takes then.
        (#""processing_time_ms":1"#, #""processing_time_ms":2.5"#, "duplicate"),
        (#""ai_model_version":"v8""#, #""ai_model_version":" v8 ""#, "duplicate"),
        (#""total_count":4"#, "", "duplicate"),
        (#""confidence_score":null"#, "", "duplicate"),
        // Dropped, as the camera's settings have it: what it was is not known any more.
        (#""frame_data":{"n":1}"#, #""frame_data":{"n":2}"#, "duplicate"),
    ])
    func theSameIsWhatSaysTheSame(first: String, second: String, outcome: String) async throws {
        try await withCommands { api in
            try await api.register()
            _ = try await api.post("/cameras/1/counts", Self.batch(Self.reading(1, first), Self.reading(2)))
            let answer = try await api.post(
                "/cameras/1/counts", Self.batch(Self.reading(1, second), Self.reading(2)))
            #expect(Self.outcomes(answer) == [outcome, "duplicate"])
        }
    }

    /// It is sealed under another nonce each time.
    @Test func keptFrameDataIsCompared() async throws {
        try await withCommands { api in
            try await api.register(TestAPI.camera(#""settings":{"keep_frame_data":true}"#))
            let frame = #""frame_data":{"boxes":[1,2.5],"n":1.0}"#
            let send = { (frame: String) in
                try await api.post("/cameras/1/counts", Self.batch(Self.reading(1, frame), Self.reading(2)))
            }
            #expect(Self.outcomes(try await send(frame)) == ["appended", "appended"])
            #expect(
                Self.outcomes(try await send(#""frame_data":{"n":1,"boxes":[1,2.5]}"#)) == ["duplicate", "duplicate"])
            let other = try await send(#""frame_data":{"n":2,"boxes":[1,2.5]}"#)
            #expect(Self.outcomes(other) == ["conflict", "duplicate"])
            #expect(!other.body.contains("sealed"))
        }
    }

    @Test func aSourceMayUseTheSequencesOfAnother() async throws {
        try await withCommands { api in
            try await api.register()
            for source in ["gate-1:boot1", "gate-1:boot2"] {
                let answer = try await api.post("/cameras/1/counts", Self.batch(Self.reading(1), source: source))
                #expect(Self.outcomes(answer) == ["appended"])
            }
        }
    }

    /// PostgreSQL keeps numbers and members in its own way.
    @Test func whatTheDatabaseGivesBackSaysTheSame() async throws {
        try await withAPI(projecting: false) { api in
            try await api.register()
            let members = #""confidence_score":1e-7,"processing_time_ms":86400000.0,"ai_model_version":"v\"é""#
            let readings = (1...40).map { Self.reading($0 * 3, members, countIn: $0) }
            let body = #"{"source":"gate-1","readings":[\#(readings.joined(separator: ","))]}"#
            #expect(Set(Self.outcomes(try await api.post("/cameras/1/counts", body))) == ["appended"])
            #expect(Set(Self.outcomes(try await api.post("/cameras/1/counts", body))) == ["duplicate"])
            let changed = try await api.post("/cameras/1/counts", Self.batch(Self.reading(30, members, countIn: 99)))
            changed.expectProblem(409, "sequence_conflict")
            #expect(changed["position"] == 11)
        }
    }
}
