import EventSourcing
import Loopback
import NIOCore
import Synchronization

/// A collector on this machine that keeps what it is sent, and answers as a test says.
package final class Collector: Sendable {
    package struct Request: Sendable {
        package let head: String
        package let body: JSON
    }

    package let endpoint: String
    private let kept: Kept

    private final class Kept: Sendable {
        let requests = Mutex<[Request]>([])
        let answers: Mutex<[String]>

        init(_ answers: [String]) { self.answers = Mutex(answers) }
    }

    /// All that came, in order.
    package var requests: [Request] { kept.requests.withLock(\.self) }

    private init(_ endpoint: String, _ kept: Kept) {
        self.endpoint = endpoint
        self.kept = kept
    }

    /// Lends a collector for as long as the body runs.
    /// - Parameter answers: what it answers, status line, headers and body, one after another; the last one from there on.
    package static func run<Value: Sendable>(
        _ answers: String..., body: @Sendable (Collector) async throws -> Value
    ) async throws -> Value {
        let kept = Kept(answers)
        return try await LoopbackServer.run(
            serve: { try? await serve($0, kept) },  // a client that goes away ends its connection only
            { try await body(Collector("http://127.0.0.1:\($0)", kept)) })
    }

    package static func answer(_ status: String, _ body: String = "", headers: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)Connection: close\r\n\r\n\(body)"
    }

    private static func serve(_ client: LoopbackServer.Connection, _ kept: Kept) async throws {
        try await client.executeThenClose { inbound, outbound in
            var text = ""
            for try await bytes in inbound {
                text += String(buffer: bytes)
                guard let end = text.range(of: "\r\n\r\n"),
                    let length = text.firstMatch(of: /(?i)content-length: (\d+)/),
                    text[end.upperBound...].utf8.count == Int(length.1)
                else { continue }
                let request = Request(
                    head: String(text[..<end.lowerBound]), body: try JSON.parse(String(text[end.upperBound...])))
                kept.requests.withLock { $0.append(request) }
                let answer = kept.answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                try await outbound.write(ByteBuffer(string: answer))
                return
            }
        }
    }
}
