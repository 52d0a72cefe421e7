import Loopback
import NIOCore
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
        try await LoopbackServer.run(
            prepare: { channel in
                guard let tls else { return }
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
            },
            // A client that goes away ends its connection only.
            serve: { try? await $0.executeThenClose(serve) },
            { try await body(Int($0)) })
    }
}
