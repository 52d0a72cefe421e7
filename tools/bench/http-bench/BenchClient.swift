import AsyncHTTPClient
import EventSourcing
import Foundation
import NIOCore

/// The cameras that were registered, with ids that follow one another.
struct Fleet {
    let first: Int64
    let count: Int
}

/// Sets up the server as an operator would, with tokens of its own key.
struct BenchClient: Sendable {
    let token: String
    let workerToken: String
    private let base: String

    private static let worker = "bench"

    init(_ base: String, dataDirectory: URL, programs: URL) async throws {
        self.base = base
        func token(_ arguments: [String]) throws -> String {
            let process = Process()
            process.executableURL = programs.appending(path: "footfallctl")
            process.arguments = ["token", "--data-dir", dataDirectory.path, "--ttl", "12h"] + arguments
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Load.Failure(description: "no token: \(text)") }
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        self.token = try token(["--role", "admin"])
        workerToken = try token(["--role", "worker", "--worker", Self.worker])
        while try await send("GET", "/health/ready").status != 200 { await Task.yield() }
    }

    /// Registers cameras and gives them to the worker.
    func registerCameras(_ count: Int) async throws -> Fleet {
        var ids: [Int64] = []
        // What readings are sent for.
        let lines = (1...2).map { number -> JSON in
            ["name": .string("entrance-\(number)"), "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]]
        }
        for number in 1...count {
            let camera: JSON = [
                "name": .string("Camera \(number)"), "stream_type": "rtsp", "location": .string("Hall \(number % 20)"),
                "stream_url": .string("rtsp://10.0.\(number / 250).\(number % 250 + 1)/live"),
                "lines": .array(lines),
            ]
            let answer = try await send("POST", "/cameras", camera)
            guard answer.status == 201, let id = answer.body["id"]?.integer else {
                throw Load.Failure(description: "a camera was refused: \(answer.body.text)")
            }
            let started = try await send("POST", "/cameras/\(id)/start", ["worker_id": .string(Self.worker)])
            guard started.status == 200 else {
                throw Load.Failure(description: "a camera was not started: \(started.body.text)")
            }
            ids.append(id)
        }
        guard let first = ids.first, let last = ids.last, last - first == Int64(count) - 1 else {
            throw Load.Failure(description: "the cameras' ids do not follow one another")
        }
        _ = try await send("GET", "/cameras/\(last)?min_position=\(try await head())")
        return Fleet(first: first, count: count)
    }

    /// The last position of the log.
    func head() async throws -> Int {
        guard let head = try await send("GET", "/projections").body["head"]?.integer else {
            throw Load.Failure(description: "the log's end is not told")
        }
        return Int(head)
    }

    private func send(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> (status: Int, body: JSON) {
        var request = HTTPClientRequest(url: base + "/api/v1" + path)
        request.method = .init(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return (Int(response.status.code), (try? JSON.parse(bytes.readableBytesView)) ?? .null)
    }
}
