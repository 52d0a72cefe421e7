import Access
import EventSourcing
import Testing

@testable import API
@testable import Postgres

@Suite struct FleetCountTests {
    private func fleet(_ api: TestAPI) async throws -> Traffic {
        for (name, location) in [("North", "Hall A"), ("South", "Hall A"), ("Yard", "Outside")] {
            try await api.register(TestAPI.camera(#""location":"\#(location)""#, name: name))
        }
        var readings: [Traffic.Reading] = []
        for camera in Int64(1)...3 {
            let traffic = try Traffic(
                seed: UInt64(camera), camera: camera, from: "2026-03-28T12:00:00Z", to: "2026-03-29T12:00:00Z",
                count: 60)
            try await traffic.send(to: api)
            readings += traffic.readings
        }
        var all = try Traffic(seed: 0, from: "2026-03-28T12:00:00Z", to: "2026-03-29T12:00:00Z", count: 0)
        all.append(readings)
        return all
    }

    @Test func countsOfSeveralCamerasAreWhatTheirReadingsComeTo() async throws {
        try await withAPI { api in
            let traffic = try await fleet(api)
            for (query, isWanted) in [
                ("", { _ in true }),
                ("camera_id=3,1", { $0.camera != 2 }),
                ("location=Hall%20A", { $0.camera != 3 }),
                ("location=Hall%20A&camera_id=2,3", { $0.camera == 2 }),
                ("line=door&class=car", { $0.line == "door" && $0.objectClass == "car" }),
                ("camera_id=99", { _ in false }),
            ] as [(String, (Traffic.Reading) -> Bool)] {
                let wanted = traffic.readings.filter(isWanted)
                for group in ["camera", "total"] {
                    let answer = try await api.get("/counts?bucket=hour&group_by=\(group)&\(query)")
                    #expect(answer.status == 200, "\(answer.body)")
                    let items = answer["items"]?.array ?? []
                    #expect(items.allSatisfy { ($0["camera_id"] == nil) == (group == "total") })
                    let sums = items.map { Traffic.Sums($0) }.reduce(into: Traffic.Sums()) {
                        $0.countIn += $1.countIn
                        $0.countOut += $1.countOut
                        $0.readings += $1.readings
                    }
                    #expect(sums == .of(wanted), "\(query) \(group)")
                    let kinds = Set(
                        wanted.map {
                            "\(group == "camera" ? $0.camera : 0) \($0.line) \($0.objectClass) "
                                + "\($0.instant.microseconds / 3_600_000_000)"
                        })
                    #expect(items.count == kinds.count, "\(query) \(group)")
                }
            }
        }
    }

    @Test func bucketsAreFilledForWhatOccurs() async throws {
        try await withAPI { api in
            let traffic = try await fleet(api)
            let kinds = Set(traffic.readings.map { "\($0.camera) \($0.line) \($0.objectClass)" }).count
            let answer = try await api.get("/counts?fill=true")
            #expect(answer["items"]?.array?.count == kinds * 24)
            let totals = try await api.get("/counts?fill=true&group_by=total&bucket=week")
            #expect(totals["items"]?.array?.count == 4)
            try await api.get("/counts?fill=true&bucket=15m&from=2026-02-01T00:00:00Z")
                .expectProblem(422, "too_many_rows")
        }
    }

    @Test func countsOfARemovedCameraStay() async throws {
        try await withAPI { api in
            let traffic = try await fleet(api)
            #expect(try await api.delete("/cameras/2", ifMatch: "*").status == 204)
            let head = try await api.log.head()
            let answer = try await api.get("/counts?camera_id=2&group_by=total&bucket=day&min_position=\(head)")
            #expect(
                (answer["items"]?.array ?? []).compactMap { $0["readings"]?.integer }.reduce(0, +)
                    == Int64(traffic.readings.count { $0.camera == 2 }))
        }
    }

    @Test(
        arguments: [
            (Scope.all, nil, [1, 2, 3]), (.cameras([2, 9]), nil, [2]), (.location("Hall A"), nil, [1, 2]),
            (.location("Hall A"), [2, 3], [2]), (.assigned(worker: "nobody"), nil, []),
        ] as [(Scope, [Int64]?, [Int64])])
    func onlyCamerasInsideTheScopeAreAddedUp(scope: Scope, asked: [Int64]?, seen: [Int64]) async throws {
        try await withAPI { api in
            _ = try await fleet(api)
            let filter = FleetFilter(scope: scope, cameraIDs: asked, location: nil)
            let query = SQLQuery(
                "cameras_of_fleet",
                parts:
                    "select camera_id from read.camera_state as camera where \(FleetFilter.sql("camera")) order by 1",
                among: FleetFilter.parameters, columns: ["camera_id": .integer])
            let rows = try await api.pool?.query(query.statement(among: filter.values))
            #expect(try rows?.map { try $0.integer("camera_id") } == seen)
        }
    }

    @Test(arguments: [
        ("camera_id=", ["camera_id malformed"]),
        ("camera_id=1,x", ["camera_id malformed"]),
        ("camera_id=1&camera_id=2", ["camera_id given_twice"]),
        ("camera_id=0", ["camera_id malformed"]),
        ("bucket=minute&group_by=line&tz=CET", ["bucket unknown_value", "group_by unknown_value", "tz unknown_value"]),
    ])
    func wrongParametersAreNamed(query: String, faults: [String]) async throws {
        try await withCommands { api in
            let answer = try await api.get("/counts?\(query)")
            #expect(answer.faults == faults)
        }
    }
}
