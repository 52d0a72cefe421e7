import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTP2
import NIOSSL
import NIOTLS

extension NetworkPolicy {
    /// The server's side of each connection: HTTP/1.1, and with a certificate HTTP/1.1 or HTTP/2 within TLS, as the
    /// client chooses.
    package func server(_ identity: ServerIdentity? = nil) -> HTTPServerBuilder {
        let streams = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(self)], idleTimeout: TimeAmount(idleTimeout),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: Self.maximumHeaderBytes, maxHeaderListSize: Self.maximumHeadersBytes,
                maxHeaderFieldCount: Self.maximumHeaderCount))
        guard let identity else { return .http1(configuration: streams) }
        return HTTPServerBuilder { responder in
            let channel = try HTTP2UpgradeChannel(
                tlsConfiguration: identity.configuration,
                configuration: HTTP2ChannelConfiguration(
                    idleTimeout: idleTimeout, gracefulCloseTimeout: readTimeout, streamConfiguration: streams),
                responder: responder)
            return PromptHandshakes(channel: channel, limit: readTimeout)
        }
    }
}

/// Ends a connection whose TLS handshake is not done in time, and sets up one of HTTP/2.
private struct PromptHandshakes<Wrapped: ServerChildChannel>: ServerChildChannel {
    typealias Value = Wrapped.Value

    let channel: Wrapped
    let limit: Duration

    func setup(channel connection: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.setup(channel: connection, logger: logger).flatMapThrowing { value in
            let pipeline = connection.pipeline.syncOperations
            let handshake = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(HandshakeDeadline(limit), position: .after(handshake))
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await channel.handle(value: value, logger: logger) }
}

private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limit: Duration
    private var deadline: Scheduled<Void>?

    init(_ limit: Duration) { self.limit = limit }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case TLSUserEvent.handshakeCompleted = event {
            Self.takeLargerHeaders(context.channel)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    /// Has a connection of HTTP/2 read headers that are larger than what is taken, so that `ConnectionGuard` answers them
    /// on their stream. The parser of frames ends the connection at a limit: 16 KiB by itself, this one from when the
    /// client has acknowledged it.
    private static func takeLargerHeaders(_ channel: any Channel) {
        // The handlers of the protocol that was chosen come with the event, or right after it.
        channel.eventLoop.execute {
            guard (try? channel.pipeline.syncOperations.handler(type: NIOHTTP2Handler.self)) != nil else { return }
            let limit = HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * NetworkPolicy.maximumHeadersBytes)
            channel.writeAndFlush(
                HTTP2Frame(streamID: .rootStream, payload: .settings(.settings([limit]))), promise: nil)
        }
    }
}
