import AsyncHTTPClient
import EventSourcing
import Foundation
import NIOCore
import NIOHTTP1

/// The server's API, as far as a worker needs it.
struct ServerClient: Sendable {
    /// What became of a report.
    enum Delivery: Equatable, Sendable {
        case accepted
        /// The camera is unknown or was removed.
        case gone
        /// The server says that the report itself is wrong: sending it again would not help.
        case refused(status: Int, String)
        /// Not delivered, or not known to be: to be sent again, not before the pause is over where one is given.
        case failed(String, pause: Duration?)
    }

    private let base: String
    private let workerID: String
    private let token: BearerToken?
    private let connections: ServerConnections

    /// - Parameter token: nil for a server that asks for none.
    init(
        server: String, workerID: String, token: BearerToken?, connections: ServerConnections = ServerConnections()
    ) {
        self.token = token
        self.connections = connections
        base = (server.hasSuffix("/") ? String(server.dropLast()) : server) + "/api/v1"
        self.workerID = workerID
    }

    /// The cameras to watch. Throws where the server cannot be reached or answers with anything else.
    func assignments() async throws -> [JSON] {
        let answer = try await send(.GET, "/workers/\(workerID)/assignments")
        guard answer.status == .ok, let items = answer.body["items"]?.array else {
            throw Unexpected(description: "the server answered \(answer.status.code) to a request for assignments")
        }
        return items
    }

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    func report(_ readings: [Reading], series: ReadingSeries, camera: Int64) async -> Delivery {
        let (name, value) = series.member
        return await deliver(
            "/cameras/\(camera)/counts", .object([name: value, "readings": .array(readings.map(\.json))]))
    }

    func report(_ heartbeat: JSON, camera: Int64) async -> Delivery {
        await deliver("/cameras/\(camera)/heartbeats", heartbeat)
    }

    /// A stream has ended; a recording's take has come to its end with it.
    /// - Parameter end: the instant of the recording's end.
    func stop(camera: Int64, reason: String, take: Int64? = nil, endedAt end: Timestamp? = nil) async -> Delivery {
        await deliver(
            "/cameras/\(camera)/stop",
            .members([
                "reason": .string(reason), "take": take.map(JSON.integer), "ended_at": end.map { .string($0.rfc3339) },
            ]))
    }

    /// Sets the camera's status, unless it has it already, the camera is another worker's by now, or it is in maintenance,
    /// which only people end. A change by somebody else in between is read and tried over.
    func setStatus(_ status: String, reason: String?, camera: Int64) async -> Delivery {
        var last = Delivery.failed("never tried", pause: nil)
        for attempt in 1...10 {
            do {
                let current = try await send(.GET, "/cameras/\(camera)")
                guard current.status == .ok, let etag = current.headers.first(name: "ETag") else {
                    return delivery(of: current)
                }
                if current.body["status"]?.string == status { return .accepted }
                if current.body["worker_id"]?.string != workerID { return .accepted }
                if current.body["status"]?.string == "maintenance" { return .accepted }
                let body = JSON.members(["status": .string(status), "reason": reason.map(JSON.string)])
                let answer = try await send(.PATCH, "/cameras/\(camera)/status", body, ["If-Match": etag])
                if answer.body["code"]?.string == "camera_in_maintenance" { return .accepted }
                last = delivery(of: answer)
                guard answer.status == .preconditionFailed else { return last }
                // The read model is a moment behind the log.
                try await Task.sleep(for: .milliseconds(20 * attempt))
            } catch {
                return .failed("\(error)", pause: nil)
            }
        }
        return last
    }

    private func deliver(_ path: String, _ body: JSON) async -> Delivery {
        do { return delivery(of: try await send(.POST, path, body)) } catch { return .failed("\(error)", pause: nil) }
    }

    private func delivery(of answer: Answer) -> Delivery {
        let text = answer.body["detail"]?.string ?? answer.status.reasonPhrase
        switch answer.status.code {
        case 200..<300: return .accepted
        case 404, 410: return .gone
        // A token that has expired or lacks something is replaced sooner or later; what was counted is kept until then.
        case 401, 403, 408, 425, 429, 500...:
            let pause = answer.headers.first(name: "Retry-After").flatMap(Int.init).map { Duration.seconds($0) }
            return .failed("\(answer.status.code) \(text)", pause: pause)
        default: return .refused(status: Int(answer.status.code), "\(answer.status.code) \(text)")
        }
    }

    private struct Answer {
        let status: HTTPResponseStatus
        let headers: HTTPHeaders
        let body: JSON
    }

    private static let timeout = TimeAmount.seconds(15)

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSON? = nil, _ headers: [String: String] = [:]
    ) async throws -> Answer {
        let bearer = try token?.current()
        let answer = try await send(method, path, body, headers, bearer: bearer)
        guard answer.status == .unauthorized, let replaced = try token?.current(), replaced != bearer else {
            return answer
        }
        return try await send(method, path, body, headers, bearer: replaced)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSON?, _ headers: [String: String], bearer: String?
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let bearer {
            request.headers.add(name: "Authorization", value: "Bearer \(bearer)")
        } else {
            request.headers.add(name: "Footfall-Actor", value: workerID)
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let response = try await connections.execute(request, timeout: Self.timeout)
        let bytes = try await response.body.collect(upTo: 4 << 20)
        // An answer without JSON in it says what it has to say by its status.
        let json = (try? JSON.parse(bytes.readableBytesView)) ?? .null
        return Answer(status: response.status, headers: response.headers, body: json)
    }
}
