import NIOCore
import NIOPosix
import Synchronization

/// A server on this machine that does to each connection what a test says, byte by byte.
final class RawServer: Sendable {
    typealias Script = @Sendable (_ request: String, _ connection: inout RawConnection) async throws -> Void

    let port: Int
    private let received = Mutex<[String]>([])

    /// The heads of the requests that have come in.
    var requests: [String] { received.withLock(\.self) }

    private init(port: Int) { self.port = port }

    /// Lends a server for as long as the body runs.
    /// - Parameter script: what happens once a request's head is there; the connection ends with it.
    static func run<Value: Sendable>(
        _ script: @escaping Script, _ body: @Sendable (RawServer) async throws -> Value
    ) async throws -> Value {
        let listener = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let server = RawServer(port: listener.channel.localAddress?.port ?? 0)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { connections in
                        for try await client in clients {
                            // A client that goes away ends its connection only.
                            connections.addTask { try? await server.serve(client, script) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(server)
        }
    }

    private func serve(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ script: Script) async throws {
        try await client.executeThenClose { inbound, outbound in
            var connection = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            guard let request = try await connection.request() else { return }
            received.withLock { $0.append(request) }
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
