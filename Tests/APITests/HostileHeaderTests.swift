import API
import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import StreamPolicy
import TestSupport
import Testing
import UseCases

/// Every header that requests are read by, filled with what has broken servers before, byte by byte.
@Suite(.enabled(if: Tier.isWhole)) struct HostileHeaderTests {
    private static let values: [[UInt8]] =
        [
            "", "'", "\"", "'; drop table events; --", "$1", "%s%n", "\\", "*, *", ",,,", "W/", "W/\"", "\"1",
            "-1", "999999999999999999999999", "1e3", "\u{202E}\u{2066}אבג", "a\u{0}b", "\u{1}\u{1B}[2J\u{7F}", "a\rb",
            "Bearer ", "Bearer a.b.c", "Basic YTpi", "application/json; charset=\"", "text/html;q=\u{1}", "::ffff:999",
            "127.0.0.1, for=\"[::1", "ff-00000000000000000000000000000000-0000000000000000-00", "bytes=0-99999999999",
            String(repeating: "x", count: 8000), String(repeating: "\"1\",", count: 3000),
            String(repeating: "x", count: 20_000),
        ].map { Array($0.utf8) } + [[0xFF, 0xFE], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF0, 0x82, 0x82, 0xAC]]

    /// Read for every operation alike, or by what stands before them.
    private static let common = [
        "Authorization", "Footfall-Actor", "traceparent", "tracestate", "Accept", "Accept-Encoding", "Content-Type",
        "Origin", "Access-Control-Request-Method", "X-Forwarded-For", "Forwarded", "Host", "Range", "Cookie", "Expect",
        "Content-Encoding",
    ]

    /// One request, and what tells it from others.
    private struct Attempt {
        let operation: DocumentedOperation
        let name: String
        let lines: [[UInt8]]

        /// - Parameter others: headers that are as they should be.
        func request(_ others: [String: String], camera: Int64) -> [UInt8] {
            let body = operation.bodies.first?.bytes ?? []
            var headers = others
            headers["Host"] = "localhost"
            headers["Connection"] = "close"
            if !operation.bodies.isEmpty { headers["Content-Type"] = "application/json" }
            // A version that no camera comes to: nothing is removed before the next attempt.
            if operation.headers.contains("If-Match") { headers["If-Match"] = "\"999999\"" }
            if operation.method != .get { headers["Content-Length"] = String(body.count) }
            headers = headers.filter { $0.key.lowercased() != name.lowercased() }
            var request = Array("\(operation.method) \(operation.filled(camera)) HTTP/1.1\r\n".utf8)
            for (name, value) in headers { request += "\(name): \(value)\r\n".utf8 }
            for line in lines { request += Array("\(name): ".utf8) + line + Array("\r\n".utf8) }
            return request + Array("\r\n".utf8) + body
        }

        var comment: Comment {
            let shown = lines.map { String(decoding: $0.prefix(60), as: UTF8.self).debugDescription }
            return "\(operation.method) \(operation.path) \(name): \(shown)"
        }
    }

    /// One value of so many for each of the headers, another one from each `turn` to the next: every header has every
    /// value somewhere, without as many requests as there are of both.
    private static func attempts(
        _ operation: DocumentedOperation, _ names: [String], turn: Int, of turns: Int
    ) -> [Attempt] {
        let repeated = [["a", "b"], ["", "\"1\""], ["\"999\"", "\"999\""]].map { $0.map { Array($0.utf8) } }
        return names.flatMap { name in
            (values.map { [$0] } + repeated).enumerated().filter { ($0.offset + turn).isMultiple(of: turns) }.map {
                Attempt(operation: operation, name: name, lines: $0.element)
            }
        }
    }

    private func withServer(
        _ authentication: Authentication, _ body: @escaping @Sendable (TestAPI, WireClient) async throws -> Void
    ) async throws {
        var policy = NetworkPolicy()
        policy.corsOrigins = ["https://app.example"]
        policy.trustedProxies = [Network("127.0.0.0/8")].compactMap(\.self)
        policy.idleTimeout = .seconds(3600)  // the API's own client sends nothing for as long as a whole test takes
        let prober = StreamProber { (_: JSON) throws(StreamProber.Failure) in ["ok": false, "reason": "no_answer"] }
        try await withAPI(.live, policy: policy, prober: prober, authentication: authentication) { api in
            try await body(api, WireClient(port: try #require(api.client.port)))
        }
    }

    /// Sends it, and checks that it was refused in order, with nothing done, or taken; the status.
    private func send(
        _ attempt: Attempt, _ others: [String: String], camera: Int64, _ api: TestAPI, _ wire: WireClient
    ) async throws -> Int {
        let before = try await api.log.head()
        let text = try await wire.exchange(attempt.request(others, camera: camera))
        let comment: Comment = "\(attempt.comment): \(text.prefix(400))"
        let status = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }, comment)
        let head = (text.split(separator: "\r\n\r\n", maxSplits: 1).first ?? "").lowercased()
        #expect(status < 500, comment)
        #expect(!head.contains("set-cookie"), comment)
        if status >= 400 {
            #expect(head.contains("content-type: application/problem+json"), comment)
            #expect(try await api.log.head() == before, comment)
        }
        for word in ["SQLSTATE", "syntax error", "PostgresError"] { #expect(!text.contains(word), comment) }
        return status
    }

    @Test func noHeaderOfAnOperationBreaksIt() async throws {
        // A camera may be removed by one of the last.
        let all = try await DocumentedOperation.all()
        let operations = all.filter { $0.method != .delete } + all.filter { $0.method == .delete }
        #expect(Set(operations.flatMap(\.headers)).isSuperset(of: ["If-Match", "If-None-Match", "Idempotency-Key"]))
        let tokens = try await TestTokens()
        let token = try tokens.all()
        try await withServer(tokens.authentication) { api, wire in
            let camera = try await api.with(token).register()
            var statuses: [Int: Int] = [:]
            for (turn, operation) in operations.enumerated() {
                for attempt in Self.attempts(operation, operation.headers, turn: turn, of: 6) {
                    let status = try await send(
                        attempt, ["Authorization": "Bearer \(token)"], camera: camera, api, wire)
                    statuses[status, default: 0] += 1
                }
            }
            // Some were refused for their headers, and some got as far as being served.
            #expect(statuses[400, default: 0] > 50 && statuses[200, default: 0] > 50, "\(statuses)")
            #expect(statuses[431, default: 0] > 0, "\(statuses)")
            #expect(try await api.with(token).get("/audit?limit=1000").status == 200)
        }
    }

    @Test(arguments: [true, false])
    func noHeaderThatAllAreReadByBreaksAnything(proved: Bool) async throws {
        let kinds: [(HTTPRequest.Method, String)] = [
            (.get, "/cameras/{id}"), (.get, "/cameras/{id}/reports"), (.post, "/cameras"), (.put, "/cameras/{id}"),
            (.post, "/cameras/{id}/export"), (.delete, "/cameras/{id}"), (.get, "/health/ready"),
        ]
        let operations = try await DocumentedOperation.all().filter { operation in
            kinds.contains { $0.0 == operation.method && operation.path.hasSuffix($0.1) }
        }
        #expect(operations.count >= kinds.count)
        let tokens = try await TestTokens()
        let token = try tokens.all()
        try await withServer(proved ? tokens.authentication : .off) { api, wire in
            let api = api.with(proved ? token : nil)
            let camera = try await api.register()
            var accepted: [String: Int] = [:]
            for (turn, operation) in operations.enumerated() {
                for attempt in Self.attempts(operation, Self.common, turn: turn, of: 5) {
                    let others = proved ? ["Authorization": "Bearer \(token)"] : [:]
                    let status = try await send(attempt, others, camera: camera, api, wire)
                    if status < 300 { accepted[attempt.name, default: 0] += 1 }
                    if proved, attempt.name == "Authorization", !operation.path.hasSuffix("/health/ready") {
                        #expect([400, 401, 431].contains(status), attempt.comment)
                    }
                }
            }
            #expect(accepted["traceparent", default: 0] > 0 && accepted["X-Forwarded-For", default: 0] > 0)
            #expect(try await api.get("/audit?limit=1000").status == 200)
            #expect(try await api.get("/cameras/\(camera)").status == 200)
        }
    }
}
