import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import Postgres

/// Every string that a request can hold, by the OpenAPI document, filled with what has broken servers before.
@Suite(.enabled(if: Tier.isWhole)) struct HostileInputTests {
    private static let texts: [String] = [
        "'", "\"", "'; drop table events; --", "$1", "%s%n", "\\", "\u{1}\u{1B}[2J\u{7F}", "a\u{0}b",
        "\r\nSet-Cookie: a=b",
        "\u{202E}\u{2066}אבג", "e\u{301}\u{301}\u{301}\u{327}\u{200D}", "\u{FFFE}\u{10FFFF}", "../../etc/passwd",
        "{{7*7}}<script>alert(1)</script>", String(repeating: "9", count: 400), "-0", "1e999", "NaN",
        String(repeating: "x", count: 7900),
    ]

    /// For addresses alone: no text at all once they are decoded.
    private static let bytes = ["%00", "%ff%fe", "%c3%28", "%ed%a0%80", "%f0%82%82%ac", "%", "%zz", "%2", "a%00b"]

    private static let fields: HTTPFields = [.contentType: "application/json", .ifMatch: "*"]

    @Test func noTextBreaksAnythingWhereverItStands() async throws {
        let operations = try await DocumentedOperation.all()
        #expect(operations.contains { !$0.query.isEmpty })
        #expect(operations.contains { !$0.bodies.isEmpty })
        try await withAPI { api in
            let camera = try await api.register()
            var statuses: [Int: Int] = [:]
            for operation in operations {
                for request in operation.requests(camera: camera, texts: Self.texts, bytes: Self.bytes) {
                    let answer = try await send(request, operation.method, to: api)
                    statuses[answer.status, default: 0] += 1
                }
            }
            // It was not refused at the door: some got as far as the rules, some were right.
            #expect(statuses[422, default: 0] > 100, "\(statuses)")
            #expect(statuses[200, default: 0] + statuses[201, default: 0] > 10, "\(statuses)")

            #expect(try await api.get("/cameras/\(camera)").status == 200)
            let pool = try #require(api.pool)
            for table in ["events", "streams", "producers", "log_head", "projection_builds"] {
                #expect(try await pool.query("select count(*) from \(table)")[0].integer(0) > 0, "\(table)")
            }
        }
    }

    @Test func veryLongTextsAreRefusedOrKept() async throws {
        let operations = try await DocumentedOperation.all()
        try await withAPI { api in
            let camera = try await api.register()
            for operation in operations {
                guard let request = operation.longest(camera: camera, length: 1_000_000) else { continue }
                _ = try await send(request, operation.method, to: api)
            }
        }
    }

    private func send(
        _ request: (path: String, body: [UInt8]?), _ method: HTTPRequest.Method, to api: TestAPI
    ) async throws -> Answer {
        let answer = Answer(
            try await api.client.execute(
                uri: request.path, method: method, headers: request.body == nil ? [.ifMatch: "*"] : Self.fields,
                body: request.body.map { ByteBuffer(bytes: $0) }))
        let what: Comment =
            "\(method) \(request.path.prefix(300)) \(String(decoding: request.body ?? [], as: UTF8.self).prefix(300)): \(answer.status) \(answer.body.prefix(300))"
        // No stream can be looked at here: 503 by that name says that the request was right.
        #expect(answer.status < 500 || answer["code"] == "probe_unavailable", what)
        #expect(answer.header("Set-Cookie") == nil, what)
        if answer.status >= 400, method != .head {
            #expect(answer.header("Content-Type") == "application/problem+json", what)
        }
        for word in ["SQLSTATE", "syntax error", "PostgresError"] { #expect(!answer.body.contains(word), what) }
        return answer
    }
}
