import Counting
import EventSourcing
import Foundation
import HTTPTypes
import Installation
import Postgres
import Projector
import TestSupport
import Testing

@testable import API

extension Backend {
    /// One with the documentation, and without a database.
    /// - Parameter swaggerUI: the folder of the pages that the document is browsed with; by default one that is not there.
    static func documented(swaggerUI: URL = URL(filePath: "/nonexistent")) throws -> Backend {
        let nowhere = ConnectionTarget("host=/nonexistent")
        let pool = Pool(nowhere, logger: .silent)
        let listener = Listener(nowhere, channels: [], logger: .silent)
        let log = InMemoryEventLog(now: { Timestamp(microseconds: 0) })
        var backend = Backend(
            log: log, requests: log, pool: pool,
            checkpoints: Checkpoints(pool: pool, listener: listener, logger: .silent), vault: .inMemory(),
            authentication: .off, newCameraID: { try CameraID(1) }, now: { Timestamp(microseconds: 0) })
        try backend.addDocumentation(from: ReleaseFiles.locate().openAPI, swaggerUI: swaggerUI)
        return backend
    }
}

/// An operation of the OpenAPI document, as far as requests can be filled with what a test says.
struct DocumentedOperation: Sendable {
    let method: HTTPRequest.Method
    let path: String
    let query: [String]
    /// The names of the headers that it is read by.
    let headers: [String]
    let bodies: [JSON]

    static func all() async throws -> [DocumentedOperation] {
        let backend = try Backend.documented()
        let document = try #require(backend.documentation).document.json
        let paths = try #require(document["paths"]?.object)
        return paths.flatMap { path, item in
            (item.object ?? [:]).compactMap { method, operation in
                HTTPRequest.Method(rawValue: method.uppercased()).map {
                    DocumentedOperation($0, path, operation, in: document)
                }
            }
        }
    }

    private init(_ method: HTTPRequest.Method, _ path: String, _ operation: JSON, in document: JSON) {
        self.method = method
        let isAtRoot = path.hasPrefix("/docs") || path.hasPrefix("/openapi")
        self.path = isAtRoot || path.hasPrefix("/api/") ? path : Route.base + path
        let parameters = (operation["parameters"]?.array ?? []).map { parameter in
            parameter["$ref"]?.string.flatMap { document.pointed(to: $0) } ?? parameter
        }
        query = parameters.filter { $0["in"] == "query" }.compactMap { $0["name"]?.string }
        headers = parameters.filter { $0["in"] == "header" }.compactMap { $0["name"]?.string }
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
        // With a position that there is, a camera is removed.
        for name in query where method != .delete || name != "min_position" {
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

    func filled(_ camera: Int64) -> String {
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
    func pointed(to pointer: String) -> JSON? {
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
