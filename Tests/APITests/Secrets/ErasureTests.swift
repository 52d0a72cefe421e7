import EventLog
import EventSourcing
import Testing

@testable import Postgres

/// `DELETE /cameras/{id}?erase=true`.
@Suite struct ErasureTests {
    private func keys(_ api: TestAPI) async throws -> [String] {
        try await #require(api.pool).query(
            """
            select concat_ws(' ', camera_id, case when wrapped is null then 'none' else 'key' end,
              (select count(*) from camera_secrets as secret where secret.camera_id = key.camera_id))
            from camera_keys as key
            order by camera_id
            """
        ).map { try $0.text(0) }
    }

    @Test func keyAndEventAreOneTransaction() async throws {
        try await withAPI { api in
            try await api.register(SecretTests.camera("u:p"))
            try await api.register(SecretTests.camera("u:p"))
            #expect(try await keys(api) == ["1 key 1", "2 key 1"])
            // As it is left by a process that dies right after the append.
            let log = CommandLog(api)
            try await log.appendErasure(of: 1)
            #expect(try await keys(api) == ["1 none 0", "2 key 1"])
        }
    }

    @Test func anErasureIsIdempotentAndMayComeLater() async throws {
        try await withAPI { api in
            try await api.register(SecretTests.camera("u:p"))
            try await api.register(SecretTests.camera("u:p"))
            try await api.register()
            let erased = try await api.delete("/cameras/1?erase=true", ifMatch: "\"1\"")
            #expect(erased.status == 204, "\(erased.body)")
            #expect(try await keys(api) == ["1 none 0", "2 key 1"])
            #expect(try await api.delete("/cameras/1?erase=true", ifMatch: "*").position == erased.position)
            try await api.delete("/cameras/1", ifMatch: "*").expectProblem(410, "camera_removed")

            #expect(try await api.delete("/cameras/2", ifMatch: "*").status == 204)
            #expect(try await keys(api) == ["1 none 0", "2 key 1"])
            let later = try await api.delete("/cameras/2?erase=true", ifMatch: "\"1\"")
            #expect(later.status == 204, "\(later.body)")
            #expect(try await keys(api) == ["1 none 0", "2 none 0"])
            #expect(try await api.delete("/cameras/2?erase=true", ifMatch: "*").position == later.position)
            #expect(try await api.log.readAll("erasure-2").map(\.type) == ["CameraErased"])

            // Never had a key, and gets none any more.
            #expect(try await api.delete("/cameras/3?erase=true", ifMatch: "*").status == 204)
            #expect(try await keys(api) == ["1 none 0", "2 none 0", "3 none 0"])
            try await api.delete("/cameras/9?erase=true", ifMatch: "*").expectProblem(404, "camera_not_found")
            try await api.put("/cameras/1", SecretTests.camera("u:q"), ifMatch: "*").expectProblem(
                410, "camera_removed")
            #expect(try await keys(api) == ["1 none 0", "2 none 0", "3 none 0"])
            #expect(
                try await api.log.readAll("camera-1").map(\.type)
                    == ["CameraRegistered", "CameraRemoved", "CameraErased"])
            let audit = try await api.get("/audit?camera_id=2&type=CameraErased")
            #expect(audit["items"]?.array?.count == 1)
            #expect(audit["items"]?.array?.first?["severity"] == "warning")
        }
    }

    @Test func aStaleErasureDoesNothing() async throws {
        try await withAPI { api in
            try await api.register(SecretTests.camera("u:p"))
            _ = try await api.post("/cameras/1/start")
            try await api.delete("/cameras/1?erase=true", ifMatch: "\"1\"").expectProblem(412, "stale_version")
            try await api.send(.delete, "/cameras/1?erase=true").expectProblem(428, "precondition_required")
            try await api.delete("/cameras/1?erase=yes", ifMatch: "*").expectProblem(422, "validation_failed")
            #expect(try await keys(api) == ["1 key 1"])
        }
    }

    /// A secret that is kept while the key is destroyed is either destroyed with it or not kept at all.
    @Test func nothingIsKeptBesideAnErasure() async throws {
        try await withAPI(projecting: false) { api in
            for camera in 1...8 {
                try await api.register(SecretTests.camera("u:p"))
                async let replaced = api.put("/cameras/\(camera)", SecretTests.camera("u:q"), ifMatch: "*")
                async let erased = api.delete("/cameras/\(camera)?erase=true", ifMatch: "*")
                let (answer, erasure) = (try await replaced, try await erased)
                #expect([200, 410].contains(answer.status), "\(answer.body)")
                #expect(erasure.status == 204, "\(erasure.body)")
                #expect(try await keys(api).last == "\(camera) none 0")
            }
        }
    }
}

/// Appends as another process would.
private struct CommandLog {
    let log: any EventLog

    init(_ api: TestAPI) { log = api.log }

    func appendErasure(of camera: Int64) async throws {
        let event = { (type: String) in NewEvent(type: type, data: ["camera_id": .integer(camera)]) }
        _ = try await log.append(
            Append(to: StreamName("camera-\(camera)"), events: [event("CameraRemoved"), event("CameraErased")]))
    }
}
