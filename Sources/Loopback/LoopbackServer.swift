import NIOCore
import NIOPosix

/// A TCP server on 127.0.0.1, for as long as something needs it.
package enum LoopbackServer {
    package typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Listens for as long as the body runs; every connection ends with it.
    /// - Parameters:
    ///   - backlog: how many connections may wait to be accepted.
    ///   - prepare: adds handlers to an accepted connection, on its event loop. What it throws closes the connection.
    ///   - serve: speaks with one client; the connection ends with it.
    ///   - body: gets the port, which the system has chosen.
    /// - Throws: where nothing can listen, and what the body throws.
    package static func run<Value: Sendable>(
        backlog: CInt = 256,
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
        serve: @escaping @Sendable (Connection) async -> Void,
        _ body: @Sendable (UInt16) async throws -> Value
    ) async throws -> Value {
        let server = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .serverChannelOption(.backlog, value: backlog)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    do { return try accepted(channel, prepare) } catch {
                        channel.close(promise: nil)  // NIO leaves it open
                        throw error
                    }
                }
            }
        let port = UInt16(server.channel.localAddress?.port ?? 0)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { connections in
                        for try await client in clients {
                            guard let connection = client.take() else { continue }
                            connections.addTask { await serve(connection) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(port)
        }
    }

    private static func accepted(
        _ channel: any Channel, _ prepare: (any Channel) throws -> Void
    ) throws -> AcceptedConnection {
        try prepare(channel)
        return AcceptedConnection(
            try Connection(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
    }
}
