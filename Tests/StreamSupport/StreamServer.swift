import NIOCore
import NIOPosix
import NIOSSL

/// A server on this machine, at a port of its own.
package enum StreamServer {
    package typealias Requests = NIOAsyncChannelInboundStream<ByteBuffer>
    package typealias Answers = NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Lends the port of a server for as long as the body runs.
    /// - Parameters:
    ///   - tls: the certificate that it shows; nil speaks in clear.
    ///   - serve: speaks with one client. What it throws ends that client's connection only.
    package static func run<Value: Sendable>(
        tls: NIOSSLContext? = nil, _ serve: @escaping @Sendable (Requests, Answers) async throws -> Void,
        _ body: @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        let server = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
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
                            connections.addTask { try? await client.executeThenClose(serve) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(port)
        }
    }
}
