import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// An answer as it is kept to be given again: a line of JSON with its status and headers, then its body.
struct KeptAnswer {
    private static let maximumBodyBytes = 1 << 20

    let bytes: [UInt8]

    /// Takes the body in, so the response is returned with a body that can be read.
    ///
    /// nil for an answer that is not kept: what is streamed, for it may have no end, or is larger than a body may be.
    static func keep(_ response: Response) async throws -> (answer: KeptAnswer, response: Response)? {
        guard let length = response.body.contentLength, length <= maximumBodyBytes else { return nil }
        let collected = Collected()
        try await response.body.write(Collector(collected: collected))
        let body = collected.buffer
        let head: JSON = [
            "status": .integer(Int64(response.status.code)),
            "headers": .array(response.headers.map { [.string($0.name.rawName), .string($0.value)] }),
        ]
        var copy = response
        copy.body = ResponseBody(byteBuffer: body)
        return (KeptAnswer(bytes: head.bytes + [UInt8(ascii: "\n")] + Array(body.readableBytesView)), copy)
    }

    /// The answer, marked as one that was given before.
    var response: Response {
        get throws(Problem) {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
                let head = try? JSON.parse(bytes[..<end]),  // only what is no answer of ours has another form
                let status = head["status"]?.integer
            else { throw .internalError }
            var headers = HTTPFields()
            for field in head["headers"]?.array ?? [] {
                guard let pair = field.array, pair.count == 2,
                    let name = pair[0].string.flatMap({ HTTPField.Name($0) }),
                    let value = pair[1].string
                else { throw .internalError }
                headers.append(HTTPField(name: name, value: value))
            }
            return Response(
                status: HTTPResponse.Status(code: Int(status)), headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes[(end + 1)...]))
            ).replayed
        }
    }

    /// The cameras that it tells of by their ids: one that was made, those of a batch, or the one that it is about.
    var cameras: [CameraID] {
        get throws(Problem) {
            let response = try response
            let made = response.headers[.location].flatMap { location -> Int64? in
                let prefix = Route.base + "/cameras/"
                return location.hasPrefix(prefix) ? Int64(location.dropFirst(prefix.count)) : nil
            }
            // Only what is no answer of ours is not JSON.
            let body = bytes.firstIndex(of: UInt8(ascii: "\n")).flatMap { try? JSON.parse(bytes[($0 + 1)...]) }
            let told = [body] + (body?["results"]?.array ?? []).filter { $0["outcome"] != "refused" }
            let numbers = Set([made].compactMap(\.self) + told.compactMap { $0?["camera_id"]?.integer })
            return numbers.sorted().compactMap { try? CameraID($0) }  // ours are ids
        }
    }

    private final class Collected: Sendable {
        private let content = Mutex(ByteBuffer())
        var buffer: ByteBuffer { content.withLock(\.self) }
        func append(_ buffer: ByteBuffer) { content.withLock { _ = $0.writeImmutableBuffer(buffer) } }
    }

    private struct Collector: ResponseBodyWriter {
        let collected: Collected
        mutating func write(_ buffer: ByteBuffer) async throws { collected.append(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

extension Response {
    /// Says that a request before this one has had this answer.
    var replayed: Response {
        var response = self
        if let name = HTTPField.Name.idempotencyReplayed { response.headers[name] = "true" }
        return response
    }
}
