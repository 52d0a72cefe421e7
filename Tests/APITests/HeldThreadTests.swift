import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import StreamPolicy
import TestSupport
import Testing

@testable import API

/// No request holds a thread of the pool for long, whatever stands in it: there are as many as the machine has processors,
/// and while all are held nothing runs at all.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(10))) struct HeldThreadTests {
    /// Generous: in a build without optimization the longest step takes a seventh of it. What grows with the square of a
    /// text's length takes more than a second.
    private static let limit = Duration.milliseconds(100)

    /// Large bodies too are worked on where it is measured.
    private static var policy: NetworkPolicy {
        var policy = NetworkPolicy()
        policy.largeBodyBytes = .max
        return policy
    }

    /// Combining marks whose order is not the canonical one: `String` compares and hashes them in time that grows with the
    /// square of their number.
    private static func marks(_ count: Int) -> String {
        "a" + String(repeating: "\u{301}", count: count / 2) + String(repeating: "\u{323}", count: count / 2)
    }

    @Test func noTextOfABodyDoes() async throws {
        let texts = [Self.marks(48_000), String(repeating: "{", count: 96_000)]
        try await check { $0.requests(camera: $1, texts: texts, bytes: []).filter { !$0.path.contains("%") } }
    }

    /// Those of an address are too short for the square to matter, but where each is compared with many.
    @Test func noTextOfAnAddressDoes() async throws {
        let texts = [Self.marks(1300), String(repeating: ",", count: 2600)]
        try await check { $0.requests(camera: $1, texts: texts, bytes: []).filter { $0.path.contains("%") } }
    }

    /// Where a batch of readings may stand, as many elements as a body has room for; most are refused for their number
    /// alone.
    @Test(arguments: ["{}", #"{"a":0}"#, "[]", "0", #""""#])
    func noNumberOfElementsDoes(element: String) async throws {
        let elements = Array(repeating: element, count: 1_000_000 / (element.utf8.count + 1)).joined(separator: ",")
        let lists = [
            ("/cameras/1/counts", #"{"source":"x","readings":[\#(elements)]}"#),
            ("/cameras/1/heartbeats", #"{"source":"x","heartbeats":[\#(elements)]}"#),
            ("/cameras", TestAPI.camera(#""lines":[\#(elements)]"#)), ("/cameras", "[\(elements)]"),
            ("/cameras", TestAPI.camera(#""settings":{"classes":[\#(elements)]}"#)),
            ("/workers/a/assign", #"{"camera_ids":[\#(elements)]}"#),
        ]
        try await withCommands(policy: Self.policy) { api in
            try await api.register()
            for (path, body) in lists {
                // A hundred thousand elements are read before the rest is refused.
                try await expectShortSteps("\(path) \(body.prefix(80))", .seconds(1)) {
                    let answer = try await api.post(path, body)
                    #expect([400, 422].contains(answer.status), "\(answer.body.prefix(300))")
                }
            }
        }
    }

    @Test func aLargeBodyHoldsNoThreadOfThePool() async throws {
        let elements = Array(repeating: "0", count: 90_000).joined(separator: ",")
        try await withCommands { api in
            let longest = try await MeasuredThread().longestStep {
                let length: HTTPFields = [.contentLength: "\(2 * 90_000 + 1)"]
                _ = try await api.post("/cameras", "[\(elements)]", headers: length)
            }
            let began = MeasuredThread.processorTime
            _ = try JSON.parse("[\(elements)]".utf8)
            let whole = MeasuredThread.processorTime - began
            #expect(longest < whole, "\(longest) \(whole)")
        }
    }

    @Test(arguments: [
        "If-None-Match", "Accept", "X-Request-ID", "X-Forwarded-For", "traceparent", "Footfall-Position",
        "Footfall-Causation", "Idempotency-Key", "Authorization", "Footfall-Actor",
    ])
    func noHeaderDoes(name: String) async throws {
        let field = try #require(HTTPField.Name(name))
        var policy = Self.policy
        policy.trustedProxies = [Network("127.0.0.0/8")].compactMap(\.self)
        let tokens = try await TestTokens()
        try await withCommands(
            policy: policy, authentication: name == "Authorization" ? tokens.authentication : .off
        ) { api in
            for prefix in ["", "\"", "Bearer "] {
                let headers: HTTPFields = [field: prefix + Self.marks(48_000)]
                try await expectShortSteps("\(name): \(prefix)") {
                    _ = try await api.get("/cameras/1", headers: headers)
                    _ = try await api.get("/cameras/1/reports", headers: headers)
                    _ = try await api.post("/cameras", TestAPI.camera(), headers: headers)
                }
            }
        }
    }

    @Test func aHeaderThatIsLongAndNotASCIIIsRefused() async throws {
        try await WireServer.with { server in
            for (value, status) in [(Self.marks(7000), 400), (Self.marks(60), 200)] {
                for name in ["Connection", "Host", "Accept", "Origin"] where name != "Host" || status == 400 {
                    let host = name == "Host" ? "" : "Host: x\r\n"
                    let answer = try await server.exchange(
                        "GET /health/live HTTP/1.1\r\n\(host)\(name): \(value)\r\n"
                            + (name == "Connection" ? "\r\n" : "Connection: close\r\n\r\n"))
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name) \(answer.prefix(200))")
                }
            }
        }
    }

    private func check(
        _ requests: @escaping @Sendable (DocumentedOperation, Int64) -> [(path: String, body: [UInt8]?)]
    ) async throws {
        let operations = try await DocumentedOperation.all()
        try await withAPI(policy: Self.policy) { api in
            let camera = try await api.register()
            for operation in operations {
                for request in requests(operation, camera) {
                    try await expectShortSteps("\(operation.method) \(request.path.prefix(120))") {
                        _ = try await api.client.execute(
                            uri: request.path, method: operation.method,
                            headers: [.contentType: "application/json", .ifMatch: "*"],
                            body: request.body.map { ByteBuffer(bytes: $0) })
                    }
                }
            }
        }
    }

    private func expectShortSteps(
        _ what: Comment, _ limit: Duration = limit, _ body: () async throws -> Void
    ) async throws {
        let longest = try await MeasuredThread().longestStep(of: body)
        #expect(longest < limit, what)
    }
}
