import NIOCore
import NIOPosix
import Synchronization

/// A server on this machine that answers each request by what a test says, and closes then.
struct ScriptedServer {
    /// Lends the port of a server for as long as the body runs.
    /// - Parameter answer: to the first bytes of a connection; nil says nothing, ever.
    static func run<Value: Sendable>(
        _ answer: @escaping @Sendable (String) -> ByteBuffer?, _ body: @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        let server = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        let port = server.channel.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { connections in
                        for try await client in clients {
                            // A client that goes away ends its connection only.
                            connections.addTask { try? await serve(client, answer) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(port)
        }
    }

    private static func serve(
        _ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ answer: @escaping @Sendable (String) -> ByteBuffer?
    ) async throws {
        try await client.executeThenClose { requests, answers in
            for try await request in requests {
                guard let bytes = answer(String(buffer: request)) else { continue }
                try await answers.write(bytes)
                if !String(buffer: request).contains("RTSP/") { answers.finish() }
            }
        }
    }
}

/// Counts calls.
final class CallCount: Sendable {
    private let calls = Atomic<Int>(0)

    /// The number of this call, from 1 on.
    func next() -> Int { calls.wrappingAdd(1, ordering: .relaxed).newValue }
    var total: Int { calls.load(ordering: .relaxed) }
}
