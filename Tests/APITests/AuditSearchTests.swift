import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct AuditSearchTests {
    private func positions(_ api: TestAPI, _ query: String) async throws -> [Int64] {
        let answer = try await api.get("/audit?\(query)")
        try #require(answer.status == 200, "\(answer.body)")
        #expect(answer["complete"] == true)
        return (answer["items"]?.array ?? []).compactMap { $0["position"]?.integer }
    }

    @Test func theTrailIsFilteredByRequestAndText() async throws {
        try await withAPI(projecting: false) { api in
            _ = try await api.post("/cameras", TestAPI.camera(name: "Front door"), headers: [.requestID: "r-1"])
            _ = try await api.post("/cameras", TestAPI.camera(name: "100% back_door"), headers: [.requestID: "r-2"])
            _ = try await api.post("/cameras/1/start", headers: [.requestID: "r-3"])
            #expect(try await positions(api, "correlation_id=anonymous+r-2") == [2])
            #expect(try await positions(api, "text=FRONT%20door") == [1])
            #expect(try await positions(api, "text=100%25") == [2])
            #expect(try await positions(api, "text=k_d") == [2])
            #expect(try await positions(api, "text=%25%25") == [])
            #expect(try await positions(api, "text=door&camera_id=2") == [2])
            let full = try await api.get("/audit?text=door&limit=1")
            #expect(full["items"]?.array?.count == 1)
            #expect(full["next_after_position"] == 1)
            #expect(full["complete"] == false)
            #expect(try await positions(api, "actor=anonymous&from=2020-01-01T00:00:00Z") == [1, 2, 3])
            #expect(try await positions(api, "actor=anonymous&to=2020-01-01T00:00:00Z") == [])
            for text in ["x", String(repeating: "x", count: 201)] {
                let answer = try await api.get("/audit?text=\(text)")
                answer.expectProblem(422, "validation_failed")
                #expect(answer.faults == ["text out_of_range"])
            }
        }
    }

    @Test func aSearchLooksAtABoundedPartAndSaysHowFarItHasCome() async throws {
        try await withAPI(projecting: false) { api in
            for name in ["First", "Second", "Third", "Fourth", "Fifth", "Sixth"] {
                _ = try await api.post("/cameras", TestAPI.camera(name: name))
            }
            var bounds = AuditTrail.Bounds()
            bounds.window = 2
            bounds.windows = 2
            let trail = AuditTrail(pool: try #require(api.pool), bounds: bounds)
            let filter = AuditTrail.Filter(text: "sixth")
            let first = try await trail.page(filter, after: 0, limit: 10)
            #expect(first.entries.isEmpty)
            #expect(first.position == 4)
            #expect(!first.isComplete)
            let second = try await trail.page(filter, after: first.position, limit: 10)
            #expect(second.entries.map(\.position) == [6])
            #expect(second.position == 6)
            #expect(second.isComplete)
        }
    }

    @Test func nobodyJoinsWhatAnotherClientDid() async throws {
        try await withAPI(projecting: false) { api in
            _ = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "ana", .requestID: "r1"])
            let own = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "ana"])
            let id = try #require(own.header("X-Request-ID"))
            for given in ["r1", id] {
                let answer = try await api.post(
                    "/cameras", TestAPI.camera(), headers: [.actor: "eve", .requestID: given])
                #expect(answer.header("X-Request-ID") == given)
            }
            for position in 1...4 {
                #expect(try await api.get("/audit/\(position)/chain")["items"]?.array?.count == 1)
            }
            #expect(try await positions(api, "correlation_id=\(id)") == [2])
        }
    }

    @Test func aChainLeadsFromCauseToEffect() async throws {
        try await withAPI(projecting: false) { api in
            let causation = try #require(HTTPField.Name("Footfall-Causation"))
            _ = try await api.post("/cameras", TestAPI.camera(), headers: [.requestID: "a"])
            _ = try await api.post("/cameras", TestAPI.camera())
            _ = try await api.post("/cameras/1/start", headers: [.requestID: "b", causation: "1"])
            _ = try await api.post(
                "/cameras/1/heartbeats", #"{"observed_at":"2026-03-29T12:00:00Z","status":"online"}"#,
                headers: [.requestID: "b"])
            _ = try await api.post("/cameras/1/stop", headers: [.requestID: "c", causation: "3"])
            func chain(_ position: Int) async throws -> [String] {
                let answer = try await api.get("/audit/\(position)/chain")
                #expect(answer["complete"] == true)
                return (answer["items"]?.array ?? []).map {
                    "\($0["event"]?["position"]?.integer ?? 0) \($0["relation"]?.string ?? "")"
                }
            }
            #expect(try await chain(3) == ["1 cause", "3 self", "4 same_request", "5 effect"])
            #expect(try await chain(1) == ["1 self", "3 effect", "5 effect"])
            #expect(try await chain(5) == ["1 cause", "3 cause", "5 self"])
            #expect(try await chain(4) == ["3 same_request", "4 self", "5 effect"])
            #expect(try await chain(2) == ["2 self"])
            #expect(try await positions(api, "causation_id=3") == [5])
            for position in ["0", "6", "x", "01"] {
                try await api.get("/audit/\(position)/chain").expectProblem(404, "event_not_found")
            }
            for value in ["6", "999999999"] {
                let ahead = try await api.post("/cameras/1/start", headers: [causation: value])
                ahead.expectProblem(422, "validation_failed")
                #expect(ahead["errors"]?.array?.first?["header"] == "Footfall-Causation")
            }
            for value in ["0", "x", "-1", "01"] {
                try await api.post("/cameras/1/stop", headers: [causation: value])
                    .expectProblem(400, "malformed_header")
            }
        }
    }

    @Test func aClaimJoinsNobodyElsesChain() async throws {
        try await withAPI(projecting: false) { api in
            let causation = try #require(HTTPField.Name("Footfall-Causation"))
            _ = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "ana"])
            _ = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "eve", causation: "1"])
            _ = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "eve", causation: "2"])
            _ = try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "ana", causation: "1"])
            func chain(_ position: Int) async throws -> [String] {
                (try await api.get("/audit/\(position)/chain")["items"]?.array ?? []).map {
                    "\($0["event"]?["position"]?.integer ?? 0) \($0["relation"]?.string ?? "")"
                }
            }
            #expect(try await chain(1) == ["1 self", "2 claimed_effect", "4 effect"])
            #expect(try await chain(2) == ["1 cause", "2 self", "3 effect"])
            #expect(try await chain(4) == ["1 cause", "4 self"])
        }
    }

    @Test func nobodyActsAsFootfallItself() async throws {
        try await withAPI(projecting: false) { api in
            try await api.post("/cameras", TestAPI.camera(), headers: [.actor: "footfall"])
                .expectProblem(401, "unauthenticated")
            #expect(try await api.log.head() == 0)
        }
    }

    @Test func everyStepOfAChainIsFoundByAnIndex() async throws {
        try await withAPI(projecting: false) { api in
            let pool = try #require(api.pool)
            // Among many readings and some commands.
            try await pool.query(
                """
                insert into events (position, version, recorded_at, schema_version, stream, type, correlation_id, data)
                select
                  n, n, now(), 1, 's', case when n % 50 = 0 then 'CameraStarted' else 'CountReadingRecorded' end,
                  'c' || n / 50, '{}'
                from generate_series(1, 100000) as n
                """)
            try await pool.query("analyze events")
            try await pool.withConnection { connection in
                for condition in [
                    "correlation_id = 'c7' and type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded'",
                    "causation_id = '7' and type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded'",
                ] {
                    let plan = try await connection.query("explain select position from events where \(condition)")
                        .map { try $0.text(0) }.joined(separator: "\n")
                    #expect(!plan.contains("Seq Scan"), "\(plan)")
                }
            }
        }
    }
}
