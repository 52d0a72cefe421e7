import Counting
import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Installation
import Postgres
import Projector
import TestSupport
import Testing

@testable import API

/// Every string that a request can hold, by the OpenAPI document, filled with what has broken servers before.
@Suite struct HostileInputTests {
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
        let operations = try await Operation.all()
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
        let operations = try await Operation.all()
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
        #expect(answer.status < 500, what)
        #expect(answer.header("Set-Cookie") == nil, what)
        if answer.status >= 400, method != .head {
            #expect(answer.header("Content-Type") == "application/problem+json", what)
        }
        for word in ["SQLSTATE", "syntax error", "PostgresError"] { #expect(!answer.body.contains(word), what) }
        return answer
    }
}

/// An operation of the OpenAPI document, as far as it can be filled with texts.
private struct Operation: Sendable {
    let method: HTTPRequest.Method
    let path: String
    let query: [String]
    let bodies: [JSON]

    static func all() async throws -> [Operation] {
        let nowhere = ConnectionTarget("host=/nonexistent")
        let pool = Pool(nowhere, logger: .silent)
        let listener = Listener(nowhere, channels: [], logger: .silent)
        let log = InMemoryEventLog(now: { Timestamp(microseconds: 0) })
        var backend = Backend(
            log: log, requests: log, pool: pool,
            checkpoints: Checkpoints(pool: pool, listener: listener, logger: .silent), vault: .inMemory(),
            authentication: .off, newCameraID: { try CameraID(1) }, now: { Timestamp(microseconds: 0) })
        try backend.addDocumentation(
            from: ReleaseFiles.locate().openAPI, swaggerUI: URL(filePath: "/nonexistent"))
        let document = try #require(backend.documentation).document.json
        let paths = try #require(document["paths"]?.object)
        return paths.flatMap { path, item in
            (item.object ?? [:]).compactMap { method, operation in
                HTTPRequest.Method(rawValue: method.uppercased()).map {
                    Operation($0, path, operation, in: document)
                }
            }
        }
    }

    private init(_ method: HTTPRequest.Method, _ path: String, _ operation: JSON, in document: JSON) {
        self.method = method
        let isAtRoot = path.hasPrefix("/docs") || path.hasPrefix("/openapi")
        self.path = isAtRoot || path.hasPrefix("/api/") ? path : Route.base + path
        query = (operation["parameters"]?.array ?? []).compactMap { parameter in
            let parameter = parameter["$ref"]?.string.flatMap { document.pointed(to: $0) } ?? parameter
            return parameter["in"] == "query" ? parameter["name"]?.string : nil
        }
        let content = operation["requestBody"]?["content"]?["application/json"]
        let examples = (content?["examples"]?.object ?? [:]).compactMap { $0.value["value"] }
        bodies = (content?["example"].map { [$0] } ?? []) + examples
    }

    func requests(camera: Int64, texts: [String], bytes: [String]) -> [(path: String, body: [UInt8]?)] {
        let valid = filled(camera)
        let encoded = texts.map(Self.encode) + bytes
        var requests: [(path: String, body: [UInt8]?)] = []
        for range in path.ranges(of: /\{[a-z_]+\}/) {
            for text in encoded {
                requests.append((path.replacingCharacters(in: range, with: text), bodies.first?.bytes))
            }
        }
        for name in query {
            for text in encoded { requests.append((valid + "?\(name)=\(text)", bodies.first?.bytes)) }
        }
        for text in encoded.prefix(3) { requests.append((valid + "?\(text)=1", bodies.first?.bytes)) }
        for body in bodies {
            for text in texts {
                for body in body.variants(with: .string(text)) { requests.append((valid, body.bytes)) }
            }
        }
        return requests
    }

    func longest(camera: Int64, length: Int) -> (path: String, body: [UInt8]?)? {
        guard let body = bodies.first?.variants(with: .string(String(repeating: "y", count: length))).first else {
            return nil
        }
        return (filled(camera), body.bytes)
    }

    private func filled(_ camera: Int64) -> String {
        path.replacing("{id}", with: "\(camera)").replacing("{name}", with: "hourly_counts")
            .replacing(/\{[a-z_]+\}/, with: "x")
    }

    private static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

extension JSON {
    /// What a pointer such as `#/components/parameters/limit` names.
    fileprivate func pointed(to pointer: String) -> JSON? {
        pointer.split(separator: "/").dropFirst().reduce(JSON?.some(self)) { $0?.object?[String($1)] }
    }

    /// The value with one of its texts replaced, for each of them, and with one member's name replaced.
    fileprivate func variants(with replacement: JSON) -> [JSON] {
        switch self {
        case .string: return [replacement]
        case .array(let elements):
            return elements.enumerated().flatMap { index, element in
                element.variants(with: replacement).map { variant in
                    var elements = elements
                    elements[index] = variant
                    return .array(elements)
                }
            }
        case .object(let members):
            var variants = members.flatMap { name, value in
                value.variants(with: replacement).map { variant in
                    var members = members
                    members[name] = variant
                    return JSON.object(members)
                }
            }
            if let name = replacement.string {
                var more = members
                more[name] = replacement
                variants.append(.object(more))
            }
            return variants
        default: return []
        }
    }
}
