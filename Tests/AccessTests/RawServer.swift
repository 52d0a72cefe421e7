import Loopback
import NIOCore
import Synchronization

/// A server on this machine that does to each connection what a test says, byte by byte.
final class RawServer: Sendable {
    typealias Script = @Sendable (_ request: String, _ connection: inout RawConnection) async throws -> Void

    let port: Int
    private let log: RequestLog

    /// The heads of the requests that have come in.
    var requests: [String] { log.heads.withLock(\.self) }

    private final class RequestLog: Sendable {
        let heads = Mutex<[String]>([])
    }

    private init(port: Int, log: RequestLog) {
        self.port = port
        self.log = log
    }

    /// Lends a server for as long as the body runs.
    /// - Parameter script: what happens once a request's head is there; the connection ends with it.
    static func run<Value: Sendable>(
        _ script: @escaping Script, _ body: @Sendable (RawServer) async throws -> Value
    ) async throws -> Value {
        let log = RequestLog()
        return try await LoopbackServer.run(
            // A client that goes away ends its connection only.
            serve: { try? await serve($0, script, log) },
            { try await body(RawServer(port: Int($0), log: log)) })
    }

    private static func serve(
        _ client: LoopbackServer.Connection, _ script: Script, _ log: RequestLog
    ) async throws {
        try await client.executeThenClose { inbound, outbound in
            var connection = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            guard let request = try await connection.request() else { return }
            log.heads.withLock { $0.append(request) }
            try await script(request, &connection)
        }
    }
}

struct RawConnection {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// - Throws: where the other side takes nothing any more.
    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// A whole answer, after which the connection ends.
    func answer(_ status: String, _ body: String = "", _ headers: String = "") async throws {
        try await send(
            "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)Connection: close\r\n\r\n\(body)")
    }

    /// Waits until the other side has gone.
    mutating func untilClosed() async throws { while try await inbound.next() != nil {} }

    /// The head of a request; nil where none comes.
    fileprivate mutating func request() async throws -> String? {
        var text = ""
        while let bytes = try await inbound.next() {
            text += String(buffer: bytes)
            if text.contains("\r\n\r\n") { return text }
        }
        return nil
    }
}

/// Something that happens once, and is waited for.
struct Moment: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

    func comes() { continuation.finish() }

    /// Returns when it has come, or when the task is cancelled.
    func awaited() async { for await _ in stream {} }
}
