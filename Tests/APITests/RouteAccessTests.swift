import Access
import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Postgres
import Projector
import TestSupport
import Testing

@testable import API

/// What each route asks of who uses it, for all routes that there are.
@Suite struct RouteAccessTests {
    private static let routes: [Route] = {
        let pool = Pool(ConnectionTarget("host=/nonexistent"), logger: .silent)
        let listener = Listener(ConnectionTarget("host=/nonexistent"), channels: [], logger: .silent)
        let now = Timestamp(microseconds: 0)
        return Backend(
            log: InMemoryEventLog(now: { now }), requests: InMemoryEventLog(now: { now }), pool: pool,
            checkpoints: Checkpoints(pool: pool, listener: listener, logger: .silent), vault: .inMemory(),
            authentication: .off,
            newCameraID: { try CameraID(1) }, now: { now }
        ).routes
    }()

    private static var guarded: [Route] { routes.filter { $0.access != .open } }

    private func address(_ route: Route, id: String = "1") -> String {
        route.path.replacing("/:id", with: "/\(id)").replacing("/:name", with: "/camera_state")
            .replacing(/\/:[a-z_]+/, with: "/1")
    }

    @Test func onlyProbesAndDocumentationAreOpen() {
        let open = Set(Self.routes.filter { $0.access == .open }.map(\.path))
        #expect(open.isSuperset(of: ["/health/live", "/health/ready"]))
        #expect(
            open.allSatisfy { $0.hasPrefix("/health/") || $0.hasPrefix("/docs") || $0 == "/openapi.json" }, "\(open)")
    }

    @Test func whatNamesACameraAsksAboutThatCamera() {
        for route in Self.guarded where route.path.hasPrefix("/cameras/:id") {
            #expect(route.access.isAboutACamera, "\(route.path)")
        }
    }

    @Test func eachRefusesWithoutAToken() async throws {
        let tokens = try await TestTokens()
        try await withCommands(authentication: tokens.authentication) { api in
            for route in Self.guarded {
                let answer = try await api.send(route.method, address(route))
                answer.expectProblem(401, "unauthenticated")
                #expect(answer.header("WWW-Authenticate") == #"Bearer realm="footfall""#, "\(route.path)")
                let expired = try await api.with(tokens.token("ana", [.admin], lifetime: .seconds(-60)))
                    .send(route.method, address(route))
                expired.expectProblem(401, "unauthenticated")
                #expect(expired["detail"] == "The token has expired.")
                #expect(expired.header("WWW-Authenticate")?.contains(#"error="invalid_token""#) == true)
            }
        }
    }

    @Test func eachRefusesATokenThatLacksItsPermission() async throws {
        let tokens = try await TestTokens()
        try await withCommands(authentication: tokens.authentication) { api in
            for route in Self.guarded {
                let permission = try #require(route.access.permission)
                let others = Set(Permission.allCases).subtracting([permission])
                let answer = try await api.with(tokens.token("ana", [], others)).send(route.method, address(route))
                answer.expectProblem(403, "forbidden")
                #expect(answer["detail"]?.string?.contains(permission.rawValue) == true, "\(route.path)")
                #expect(answer.header("WWW-Authenticate")?.contains(#"error="insufficient_scope""#) == true)
                #expect(answer.header("WWW-Authenticate")?.contains(#"scope="\#(permission.rawValue)""#) == true)
            }
        }
    }

    @Test func eachRefusesALimitedTokenWhereItIsNotAboutSingleCameras() async throws {
        let tokens = try await TestTokens()
        try await withCommands(authentication: tokens.authentication) { api in
            for route in Self.guarded {
                guard case .unlimited(let permission) = route.access else { continue }
                for scope in [Scope.cameras([1]), .location("Hall"), .assigned(worker: "w1")] {
                    let answer = try await api.with(tokens.token("ana", [], [permission], scope))
                        .send(route.method, address(route))
                    answer.expectProblem(403, "forbidden")
                }
            }
        }
    }

    @Test func aCameraOutsideTheTokensScopeIsNotThere() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let all = api.with(try tokens.all())
            let id = try await all.register(TestAPI.camera(#""location":"Hall""#))
            let other = try await all.register(TestAPI.camera(#""location":"Gate""#))
            let started = try await all.post("/cameras/\(other)/start", #"{"worker_id":"w2"}"#)
            let minimum = try #require(started.position)
            #expect(try await all.get("/cameras/\(id)?min_position=\(minimum)").status == 200)
            let scopes = [
                Scope.cameras([id]), .cameras([]), .location("Hall"), .location("gate"), .assigned(worker: "w1"),
            ]
            for route in Self.guarded where route.access.isAboutACamera {
                for scope in scopes {
                    let token = try tokens.token("ana", [], Set(Permission.allCases), scope)
                    let answer = try await api.with(token).send(route.method, address(route, id: "\(other)"))
                    answer.expectProblem(404, "camera_not_found")
                    #expect(answer["detail"] == "No camera has this id.", "\(route.path) \(scope)")
                }
            }
        }
    }

    @Test func whoIsInScopeComesThrough() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            let all = api.with(try tokens.all())
            let id = try await all.register(TestAPI.camera(#""location":"Hall""#))
            let started = try await all.post("/cameras/\(id)/start", #"{"worker_id":"w1"}"#)
            #expect(try await all.get("/cameras/\(id)?min_position=\(try #require(started.position))").status == 200)
            for scope in [Scope.cameras([id]), .location("Hall"), .assigned(worker: "w1")] {
                let mine = api.with(try tokens.token("ana", [], [.read], scope))
                #expect(try await mine.get("/cameras/\(id)").status == 200)
                #expect(try await mine.get("/cameras/\(id)/history").status == 200)
            }
        }
    }

    @Test func aWorkerAsksForItsOwnAssignmentsOnly() async throws {
        let tokens = try await TestTokens()
        try await withAPI(authentication: tokens.authentication) { api in
            #expect(try await api.with(tokens.worker("w1")).get("/workers/w1/assignments").status == 200)
            try await api.with(tokens.worker("w1")).get("/workers/w2/assignments").expectProblem(403, "forbidden")
            for (name, roles) in [("ana", Set<Role>()), ("w1", []), ("w1", [.admin]), ("root", [.admin])] {
                for scope in [Scope.all, .cameras([1]), .location("Hall"), .assigned(worker: "w2")] {
                    let other = api.with(try tokens.token(name, roles, [.report], scope))
                    try await other.get("/workers/w1/assignments").expectProblem(403, "forbidden")
                }
            }
        }
    }
}
