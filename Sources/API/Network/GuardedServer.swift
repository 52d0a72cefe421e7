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
        guard let identity else {
            return HTTPServerBuilder { responder in
                CountedConnections(HTTP1Channel(responder: responder, configuration: streams), self)
            }
        }
        return HTTPServerBuilder { responder in
            let channel = try HTTP2UpgradeChannel(
                tlsConfiguration: identity.configuration,
                configuration: HTTP2ChannelConfiguration(
                    idleTimeout: idleTimeout, gracefulCloseTimeout: readTimeout, streamConfiguration: streams),
                responder: responder)
            return CountedConnections(
                PromptHandshakes(channel: channel, limit: readTimeout, writeLimit: writeTimeout), self)
        }
    }
}

/// Ends a connection whose TLS handshake is not done in time, and sets up one of HTTP/2.
private struct PromptHandshakes<Wrapped: ServerChildChannel>: ServerChildChannel {
    typealias Value = Wrapped.Value

    let channel: Wrapped
    let limit: Duration
    let writeLimit: Duration

    func setup(channel connection: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.setup(channel: connection, logger: logger).flatMapThrowing { value in
            let pipeline = connection.pipeline.syncOperations
            let handshake = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(HandshakeDeadline(limit), position: .after(handshake))
            try pipeline.addHandler(UnreadAnswers(writeLimit), position: .before(handshake))
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
            Self.settle(context.channel)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    /// Settles how much a connection of HTTP/2 takes, from when the client has acknowledged it: a number of streams, and
    /// headers that are larger than what is taken, so that `ConnectionGuard` answers them on their stream. The parser of
    /// frames ends the connection at a limit, 16 KiB by itself.
    private static func settle(_ channel: any Channel) {
        // The handlers of the protocol that was chosen come with the event, or right after it.
        channel.eventLoop.execute {
            guard (try? channel.pipeline.syncOperations.handler(type: NIOHTTP2Handler.self)) != nil else { return }
            let limits = [
                HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * NetworkPolicy.maximumHeadersBytes),
                HTTP2Setting(parameter: .maxConcurrentStreams, value: NetworkPolicy.maximumStreamsOfConnection),
            ]
            channel.writeAndFlush(
                HTTP2Frame(streamID: .rootStream, payload: .settings(.settings(limits))), promise: nil)
        }
    }
}
