import EventSourcing
import HTTPTypes
import Testing

@Suite struct CameraConfigTests {
    static let defaults =
        #"{"loop": false, "pace": "realtime", "classes": null, "detector": "auto", "confidence": 0.3, "started_at": null, "keep_frame_data": false}"#

    @Test func configFillsInDefaults() async throws {
        try await withAPI { api in
            try await api.register(TestAPI.camera(#""settings":{"loop":true}"#, lines: []))
            let answer = try await api.get("/cameras/1/config?min_position=1")
            #expect(answer.eTag == "\"1\"")
            let settings = Self.defaults.replacing(#""loop": false"#, with: #""loop": true"#)
            #expect(answer.body == #"{"settings":\#(settings),"lines":[],"time_zone":"UTC"}"#)
            let known = try await api.get("/cameras/1/config", headers: [.ifNoneMatch: "\"1\""])
            #expect(known.status == 304)
            try await api.get("/cameras/9/config").expectProblem(404, "camera_not_found")
        }
    }

    @Test func whatWasReadMayBeWrittenBackAndChangesNothing() async throws {
        try await withAPI { api in
            try await api.register(CameraCommandTests.full)
            let read = try await api.get("/cameras/1/config?min_position=1")
            let written = try await api.put("/cameras/1/config", read.body, ifMatch: read.eTag)
            #expect(written.status == 200, "\(written.body)")
            #expect(written.eTag == "\"1\"")
            #expect(written.body == read.body)
            #expect(try await api.log.head() == 1)
        }
    }

    @Test func configIsReplacedAndTheRestOfTheCameraStays() async throws {
        try await withAPI { api in
            try await api.register(CameraCommandTests.full)
            let before = try await api.get("/cameras/1?min_position=1")
            let body = #"""
                {"settings":{"pace":"fast","detector":"auto","confidence":0.6},"time_zone":"Asia/Tokyo",
                "lines":[{"name":"gate","from":[0,0],"to":[1,0],"inside":[0.5,1]}]}
                """#
            let written = try await api.put("/cameras/1/config", body, ifMatch: "\"1\"")
            #expect(written.status == 200, "\(written.body)")
            #expect(written.eTag == "\"3\"")
            let position = try #require(written.position)
            let read = try await api.get("/cameras/1/config?min_position=\(position)")
            #expect(read.body == written.body)
            #expect(read["settings"]?["confidence"]?.number == 0.6)
            let after = try await api.get("/cameras/1")
            // A default that was not chosen before is still not chosen.
            #expect(after["settings"] == ["pace": "fast", "detector": "auto", "confidence": 0.6])
            #expect(after["time_zone"] == "Asia/Tokyo")
            for member in ["name", "location", "description", "stream_url", "metadata"] {
                #expect(after[member] == before[member], "\(member)")
            }
            let stale = try await api.put("/cameras/1/config", body, ifMatch: "\"1\"")
            stale.expectProblem(412, "stale_version")
            try await api.put("/cameras/1/config", body, ifMatch: nil).expectProblem(428, "precondition_required")
        }
    }

    @Test func nothingIsLeftOutByMistakeAndNothingUnknownTaken() async throws {
        try await withCommands { api in
            try await api.register()
            let empty = try await api.put("/cameras/1/config", "{}", ifMatch: "*")
            #expect(empty.faults == ["/settings required", "/lines required", "/time_zone required"])
            let odd = try await api.put(
                "/cameras/1/config", #"{"settings":{"speed":1},"lines":[],"time_zone":"UTC","name":"x"}"#, ifMatch: "*")
            #expect(odd.faults == ["/settings/speed unknown_member", "/name unknown_member"])
        }
    }
}
