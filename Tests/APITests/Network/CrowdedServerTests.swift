import API
import EventSourcing
import Hummingbird
import Logging
import TestSupport
import Testing

/// One client takes nothing from the others, however many connections it opens and however slowly it sends.
@Suite(.timeLimit(.minutes(3))) struct CrowdedServerTests {
    private static let live = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let liveOnce = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    /// Opens a connection, has a request answered on it, and goes on with it open.
    private static func open(_ count: Int, _ client: WireClient, _ then: () async throws -> Void) async throws {
        guard count > 0 else { return try await then() }
        try await client.connect { connection in
            // A server that is full may have closed it by now.
            do { try await connection.send(live) } catch {}
            _ = try? await connection.answer(upTo: "}")
            try await open(count - 1, client, then)
        }
    }

    @Test func aClientWithManyConnectionsShutsNobodyOut() async throws {
        var policy = NetworkPolicy()
        policy.maximumConnections = 48
        policy.maximumConnectionsOfClient = 16
        let (policyUsed, record) = (policy, LogRecord())
        try await WireServer.with(policy, logger: record.logger) { server in
            try await Self.open(100, server.client(from: "127.0.0.9")) {
                let client = server.client(from: "127.0.0.2")
                let answer = try await client.exchange(Array(Self.liveOnce.utf8))
                #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                #expect(policyUsed.connections.count(from: "127.0.0.9") <= 16)
            }
        }
        #expect(record.lines.contains { $0.metadata["client_network"] == "127.0.0.9" && $0.level == .warning })
    }

    @Test func manyClientsTogetherShutNobodyOut() async throws {
        var policy = NetworkPolicy()
        policy.maximumConnections = 32
        policy.maximumConnectionsOfClient = 16
        try await WireServer.with(policy) { server in
            try await Self.open(16, server.client(from: "127.0.0.9")) {
                try await Self.open(16, server.client(from: "127.0.0.10")) {
                    try await Self.open(16, server.client(from: "127.0.0.11")) {
                        let answer = try await server.client(from: "127.0.0.2").exchange(Array(Self.liveOnce.utf8))
                        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
                    }
                }
            }
        }
    }

    /// A request whose body comes in piece by piece, and what is done meanwhile.
    private static func trickle(
        _ count: Int, as actor: String, _ server: WireServer, _ then: () async throws -> Void
    ) async throws {
        guard count > 0 else { return try await then() }
        try await server.connect { connection in
            try await connection.send(
                "POST /api/v1/cameras HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Footfall-Actor: \(actor)\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
            // The server waits for the body from here on.
            #expect(try await connection.answer(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            try await connection.send("{")
            try await trickle(count - 1, as: actor, server, then)
        }
    }

    @Test func bodiesThatDoNotComeTakeNoPlaces() async throws {
        var policy = NetworkPolicy()
        policy.maximumRequests = 4
        policy.maximumBodiesOfUser = 12
        try await WireServer.with(policy) { server in
            try await Self.trickle(12, as: "eve", server) {
                for path in ["/nothing", "/health/ready", "/health/live"] {
                    let answer = try await server.exchange(
                        "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    #expect(!answer.contains("overloaded"), "\(answer)")
                }
                func register(as actor: String) async throws -> String {
                    let body = TestAPI.camera()
                    return try await server.exchange(
                        "POST /api/v1/cameras HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                            + "Footfall-Actor: \(actor)\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                            + body)
                }
                #expect(try await register(as: "ana").hasPrefix("HTTP/1.1 201 "))
                let refused = try await register(as: "eve")
                #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("overloaded"), "\(refused)")
            }
        }
    }

    @Test func aFloodOfRefusedRequestsIsAFewLinesOfTheLog() async throws {
        let record = LogRecord()
        try await withCommands(logger: record.logger) { api in
            for _ in 0..<200 { _ = try await api.post("/cameras", "{}") }
            let refused = record.lines.filter { $0.metadata["log"] == "security" }
            let requests = record.lines.filter { $0.message == "request" && $0.level == .info }
            // As many as a second has, for as many seconds as that took.
            #expect((10..<150).contains(refused.count), "\(refused.count)")
            #expect(requests.count <= refused.count + 10)
            let backend = try #require(api.backend)
            let held = backend.floods.takeHeld()
            #expect(held["refused command_refused"] == 200 - refused.count)
            #expect(held["request 422"] == 200 - requests.count)
        }
    }

    @Test(arguments: [
        "//api/v1/audit", "/api/v1//audit", "/api/v1/cameras/", "/api/v1/cameras//", "/health/live/", "//",
        "/docs//problems",
    ])
    func aPathHasNoEmptySegments(path: String) async throws {
        try await WireServer.with { server in
            let answer = try await server.exchange("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 404 ") && answer.contains("route_not_found"), "\(answer)")
        }
    }
}
