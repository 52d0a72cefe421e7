import AsyncHTTPClient
import EventSourcing
import Foundation
import NIOCore
import NIOHTTP1

/// `footfall up` in a folder of its own, or `footfall serve`, and its API.
struct Footfall {
    let program: Program
    let base: String
    /// Sent with each request: of an admin who may report too.
    var token: String?
    /// How its tokens are made.
    private var signing: (arguments: [String], environment: [String: String]) = ([], [:])

    /// A secret for servers without a data directory.
    private static let secret = ["FOOTFALL_AUTH_SECRET": "\(UUID().uuidString)\(UUID().uuidString)"]

    /// Starts everything and waits until the API listens.
    static func up(
        in folder: URL, _ arguments: [String] = [], environment: [String: String] = [:], as user: String? = nil
    ) async throws -> Footfall {
        let data = ["--data-dir", folder.path]
        // On a database elsewhere, no master key is made in the data directory.
        let key = arguments.contains("--database-url") ? ["FOOTFALL_MASTER_KEY": masterKey] : [:]
        let environment = environment.merging(key) { $1 }
        var footfall = try await listening(
            Program("footfall", ["up", "--port", "0"] + data + arguments, environment: environment, as: user))
        footfall.signing = (data, [:])
        footfall.token = try await token(data)
        return footfall
    }

    /// Starts one of several processes on a database elsewhere, and waits until the API listens.
    static func serve(on databaseURL: String) async throws -> Footfall {
        var footfall = try await listening(server(on: databaseURL))
        footfall.signing = ([], secret)
        footfall.token = try await token([], environment: secret)
        return footfall
    }

    /// As `serve(on:)`, with the key of a data directory in place of a secret.
    static func serve(on databaseURL: String, dataIn folder: URL) async throws -> Footfall {
        let data = ["--data-dir", folder.path]
        var footfall = try await listening(
            Program(
                "footfall", ["serve", "--port", "0", "--database-url", databaseURL],
                environment: ["FOOTFALL_MASTER_KEY": masterKey, "FOOTFALL_DATA_DIR": folder.path]))
        footfall.signing = (data, [:])
        footfall.token = try await token(data)
        return footfall
    }

    /// `footfall serve`, as it is started.
    /// - Parameter output: takes what it says.
    static func server(on databaseURL: String, saying output: FileHandle? = nil) throws -> Program {
        try Program(
            "footfall", ["serve", "--port", "0", "--database-url", databaseURL],
            environment: secret.merging(["FOOTFALL_MASTER_KEY": masterKey]) { one, _ in one }, to: output)
    }

    static func token(_ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        try await token(of: ["--role", "admin", "--permission", "worker:report"] + arguments, environment)
    }

    private static func token(of grant: [String], _ environment: [String: String]) async throws -> String {
        let result = try await Program.run("footfallctl", ["token"] + grant, environment: environment)
        guard result.code == 0 else { throw Program.Ended(description: "no token: \(result.output)") }
        return result.output.trimmingCharacters(in: .newlines)
    }

    static func workerToken(
        _ id: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        try await token(of: ["--role", "worker", "--worker", id] + arguments, environment)
    }

    /// The same API, for a worker.
    func asWorker(_ id: String = "worker-1") async throws -> Footfall {
        var worker = self
        worker.token = try await Self.workerToken(id, signing.arguments, environment: signing.environment)
        return worker
    }

    /// 32 bytes, in base64.
    static let masterKey = String(repeating: "A", count: 43) + "="

    static func listening(_ program: Program) async throws -> Footfall {
        try await program.waits(for: "/api/v1\n")
        guard let base = program.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+\/api\/v1/) else {
            throw Program.Ended(description: "no URL in \(program.output)")
        }
        let footfall = Footfall(program: program, base: String(base.output))
        while try await footfall.get("/health/ready").status != .ok { await Task.yield() }
        return footfall
    }

    /// Asks it to stop, and waits until it has.
    func stop() async -> Int32 {
        program.signal(SIGTERM)
        return await program.waitsForEnd()
    }

    struct Answer {
        let status: HTTPResponseStatus
        let body: JSON
    }

    func get(_ path: String) async throws -> Answer { try await send(.GET, path) }

    /// An answer that is no JSON.
    func text(_ path: String) async throws -> String {
        var request = HTTPClientRequest(url: base + path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return String(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    func post(_ path: String, _ body: JSON? = nil) async throws -> Answer { try await send(.POST, path, body) }

    func put(_ path: String, _ body: JSON, ifMatch version: String) async throws -> Answer {
        try await send(.PUT, path, body, headers: ["If-Match": version])
    }

    /// Whatever version there is.
    func patch(_ path: String, _ body: JSON) async throws -> Answer {
        try await send(.PATCH, path, body, headers: ["If-Match": "*"])
    }

    /// Whatever version there is.
    func put(_ path: String, _ body: JSON) async throws -> Answer {
        try await send(.PUT, path, body, headers: ["If-Match": "*"])
    }

    /// Whatever version there is.
    func delete(_ path: String) async throws -> Answer { try await send(.DELETE, path, headers: ["If-Match": "*"]) }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSON? = nil, headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers = headers
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return Answer(
            status: response.status, body: bytes.readableBytes == 0 ? .null : try JSON.parse(bytes.readableBytesView))
    }

    /// Asks again and again until the answer's body satisfies the condition.
    @discardableResult
    func poll(_ path: String, until isReached: (JSON) -> Bool) async throws -> JSON {
        while true {
            let answer = try await get(path)
            if answer.status == .ok, isReached(answer.body) { return answer.body }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

/// A folder for one test, gone afterwards. Short, since Unix sockets lie in it.
func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = URL(filePath: "/tmp/footfall-e2e-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
    return try await body(folder)
}
