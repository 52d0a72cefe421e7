import Access
import EventSourcing
import HTTPTypes
import TestSupport
import Testing

/// Changes of a camera by parts (RFC 7396), and by the document that shows it.
@Suite struct CameraPatchTests {
    private static let full = SecretTests.camera(
        "u:p",
        #","location":"Hall","security_config":{"token":"t"},"settings":{"pace":"fast","loop":true},"metadata":{"store":12,"owner":{"name":"Ana","floor":1}}"#
    )

    @Test(arguments: [
        "application/merge-patch+json", "application/json", "Application/Merge-Patch+JSON; charset=utf-8",
    ])
    func aPatchSetsWhatItNamesAndKeepsTheRest(type: String) async throws {
        try await withCommands { api in
            let before = try await api.post("/cameras", Self.full)
            let answer = try await api.send(
                .patch, "/cameras/1", #"{"name":"Exit"}"#, headers: [.contentType: type, .ifMatch: "\"1\""])
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer.eTag == "\"2\"")
            #expect(answer["name"] == "Exit")
            for member in [
                "location", "stream_url", "security_config", "settings", "metadata", "lines", "time_zone",
            ] { #expect(answer[member] == before[member], "\(member)") }
            #expect(try await api.log.readAll("camera-1").map(\.type) == ["CameraRegistered", "CameraDescribed"])
        }
    }

    @Test(arguments: ["text/plain", "application/json-patch+json", ""])
    func otherPatchesAreRefusedWithWhatIsTaken(type: String) async throws {
        try await withCommands { api in
            try await api.register()
            let answer = try await api.send(
                .patch, "/cameras/1", #"{"name":"Exit"}"#, headers: [.contentType: type, .ifMatch: "*"])
            answer.expectProblem(415, "unsupported_media_type")
            #expect(answer.header("Accept-Patch") == "application/merge-patch+json, application/json")
        }
    }

    @Test func nullRemovesAndObjectsAreMerged() async throws {
        try await withCommands { api in
            try await api.register(Self.full)
            let answer = try await api.patch(
                "/cameras/1",
                #"{"location":null,"settings":{"pace":null,"detector":"yolo"},"metadata":{"owner":{"floor":null,"room":7},"x":null},"security_config":null,"lines":null}"#,
                ifMatch: "*")
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer["location"] == .null)
            #expect(answer["settings"] == ["loop": true, "detector": "yolo"])
            #expect(answer["metadata"] == ["owner": ["name": "Ana", "room": 7], "store": 12])
            #expect(answer["security_config"] == .null)
            #expect(answer["lines"] == [])
            #expect(answer["stream_url"] == "rtsp://***@10.0.0.5/s")
            let cleared = try await api.patch("/cameras/1", #"{"settings":null,"metadata":null}"#, ifMatch: "*")
            #expect(cleared["settings"] == [:] && cleared["metadata"] == [:])
        }
    }

    @Test(arguments: [
        (#"{"name":null}"#, ["/name required"]), (#"{"stream_url":null}"#, ["/stream_url required"]),
        (#"{"nmae":"x"}"#, ["/nmae unknown_member"]), (#"{"nmae":null}"#, ["/nmae unknown_member"]),
        (#"{"settings":{"speed":null}}"#, ["/settings/speed unknown_member"]),
        (#"{"settings":7}"#, ["/settings wrong_type"]), (#"{"name":"x"}"#, ["/name too_short"]),
        (#"{"version":2,"status":"online","id":1}"#, ["/status read_only", "/version read_only"]),
        (#"{"version":null}"#, ["/version read_only"]), (#"{"stream_type":"http"}"#, ["/stream_url scheme_mismatch"]),
        (#"{"stream_url":"rtsp://***@10.0.0.6/s"}"#, ["/stream_url masked_credentials"]),
        (#"{"stream_url":"rtsp://169.254.169.254/s"}"#, ["/stream_url address_not_allowed"]),
        ("[]", [" wrong_type"]), ("7", [" wrong_type"]),
    ]) func whatIsWrongIsNamed(patch: String, faults: [String]) async throws {
        try await withCommands { api in
            try await api.register(Self.full)
            let answer = try await api.patch("/cameras/1", patch, ifMatch: "*")
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == faults)
            #expect(try await api.log.head() == 1)
        }
    }

    @Test func aPatchHeedsItsVersionAndTheScope() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let all = api.with(try tokens.all())
            try await all.register(Self.full)
            try await all.patch("/cameras/1", "{}", ifMatch: nil).expectProblem(428, "precondition_required")
            let stale = try await all.patch("/cameras/1", #"{"name":"x"}"#, ifMatch: "\"2\"")
            stale.expectProblem(412, "stale_version")
            #expect(stale["actual_version"] == 1)
            #expect(try await all.patch("/cameras/1", "{}", ifMatch: "\"1\", \"7\"").eTag == "\"1\"")
            try await all.patch("/cameras/9", "{}", ifMatch: "*").expectProblem(404, "camera_not_found")
            let hall = api.with(try tokens.token("ana", [.operator], [], .location("Hall")))
            try await hall.patch("/cameras/1", #"{"location":"Gate"}"#, ifMatch: "*").expectProblem(403, "forbidden")
            #expect(try await hall.patch("/cameras/1", #"{"description":"x"}"#, ifMatch: "*").status == 200)
        }
    }

    /// Each changes a member of its own, and none undoes another's.
    @Test func patchesAtTheSameTimeAreAllThere() async throws {
        try await withAPI { api in
            try await api.register()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await api.patch("/cameras/1", #"{"metadata":{"m\#(index)":1}}"#, ifMatch: "*").status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            let shown = try await api.get("/cameras/1?min_position=\(try await api.log.head())")
            #expect(shown["metadata"]?.object?.count == 8)
        }
    }

    @Test func theDocumentThatWasReadMayBePutBack() async throws {
        try await withAPI { api in
            try await api.register(Self.full)
            let read = try await api.get("/cameras/1")
            let same = try await api.put("/cameras/1", read.body, ifMatch: read.eTag)
            #expect(same.status == 200, "\(same.body)")
            #expect(same.eTag == "\"1\"")

            var members = try #require(read.json.object)
            members["name"] = "Exit"
            // As a client's own types write an instant, and what the others say meanwhile.
            members["created_at"] = members["created_at"]?.string.map { .string($0.replacing("Z", with: "+00:00")) }
            members["health"] = ["status": "online"]
            let renamed = try await api.put("/cameras/1", JSON.object(members).text, ifMatch: read.eTag)
            #expect(renamed.eTag == "\"2\"", "\(renamed.body)")
            for member in ["lines", "security_config", "stream_url", "settings"] {
                #expect(renamed[member] == read[member], "\(member)")
            }

            let old = try await api.put("/cameras/1", JSON.object(members).text, ifMatch: "*")
            old.expectProblem(422, "validation_failed")
            #expect(Set(old.faults).isSuperset(of: ["/version read_only"]), "\(old.body)")
            try await api.put("/cameras/1", read.body, ifMatch: read.eTag).expectProblem(412, "stale_version")
            #expect(try await api.put("/cameras/1", renamed.body, ifMatch: renamed.eTag).eTag == "\"2\"")
        }
    }

    @Test func aReplacementNamesItsLines() async throws {
        try await withCommands { api in
            try await api.register(Self.full)
            let body = #"{"name":"Exit","stream_url":"rtsp://***@10.0.0.5/s","stream_type":"rtsp"}"#
            for body in [body, body.replacing("}", with: #","lines":null}"#)] {
                let answer = try await api.put("/cameras/1", body, ifMatch: "*")
                answer.expectProblem(422, "validation_failed")
                #expect(answer.faults == ["/lines required"])
            }
        }
    }
}
