import Counting
import EventSourcing
import TestSupport
import Testing

/// What is said of a camera whose stream holds an event that this release does not know.
@Suite struct UnreadableHistoryTests {
    private func append(_ event: NewEvent, to api: TestAPI) async throws -> Int64 {
        let outcome = try await api.log.append(Append(to: CameraID(1).stream, events: [event]))
        return try #require(outcome.appended).positions.lowerBound
    }

    @Test(arguments: [("CameraPainted", Int16(1)), ("CameraStopped", 9)])
    func everyCommandOnItNamesTheEventAndOthersGoOn(_ type: String, _ version: Int16) async throws {
        try await withAPI(projecting: false) { api in
            for _ in 0..<2 { try await api.register() }
            let event = NewEvent(type: type, schemaVersion: version, data: ["camera_id": 1, "reason": .null])
            let position = try await append(event, to: api)
            let answers = [
                try await api.post("/cameras/1/start"), try await api.post("/cameras/1/stop"),
                try await api.put("/cameras/1", TestAPI.camera(), ifMatch: "*"),
                try await api.put("/cameras/1", TestAPI.camera(), ifMatch: #""1""#),
                try await api.patch("/cameras/1/status", #"{"status":"error"}"#, ifMatch: "*"),
                try await api.send(.delete, "/cameras/1", headers: [.ifMatch: "*"]),
                try await api.get("/cameras/1/history"), try await api.get("/cameras/1?version=2"),
            ]
            for answer in answers {
                #expect(answer.status == 409, "\(answer.body)")
                #expect(answer["code"] == "unreadable_history")
                #expect(answer["position"]?.integer == position)
                #expect(answer["event_type"]?.string == type)
                #expect(answer["schema_version"]?.integer == Int64(version))
            }
            #expect(try await api.get("/cameras/1?version=1").status == 200)
            #expect(try await api.post("/cameras/2/start").status == 200)
        }
    }

    @Test func assigningItSaysSo() async throws {
        try await withAPI { api in
            for _ in 0..<2 { try await api.register() }
            let position = try await append(NewEvent(type: "CameraPainted", data: ["camera_id": 1]), to: api)
            _ = try await api.get("/cameras?min_position=\(position)")
            let answer = try await api.post("/workers/w/assign", #"{"camera_ids":[1,2]}"#)
            let results = (answer["results"]?.array ?? []).map { $0["code"] ?? $0["outcome"] ?? .null }
            #expect(results == ["unreadable_history", "assigned"])
        }
    }

    @Test func aReadModelThatStopsAtAVersionSaysSo() async throws {
        try await withAPI { api in
            try await api.register()
            let event = NewEvent(
                type: "CountReadingRecorded", schemaVersion: 9,
                data: [
                    "camera_id": 1, "observed_at": "2026-03-29T10:00:00Z", "line": "door", "class": "person",
                    "count_in": 7, "count_out": 0,
                ])
            _ = try await api.log.append(Append(to: CameraID(1).telemetryStream, events: [event]))
            var stall: JSON?
            repeat {
                try Task.checkCancellation()
                await Task.yield()
                let list = try await api.get("/projections")
                stall = list["items"]?.array?.first { $0["name"] == "hourly_counts" }?["active"]?["stall"]
                // Before it has met the event it may be seen waiting for a lock.
            } while stall?["reason"] != "schema_version"
            #expect(stall?["position"] == 2)
            #expect(stall?["error"] == "CountReadingRecorded has schema version 9, which this release cannot read")
            // It is not counted, and the others go on.
            #expect(try await api.get("/cameras/1?min_position=2").status == 200)
        }
    }
}
