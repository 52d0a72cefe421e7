import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A client of HTTP/2 over TLS that asks for much and reads nothing. Byte by byte, since no library behaves so.
struct HTTP2Client: Sendable {
    let port: Int

    /// The connection preface (RFC 9113, section 3.4), with windows for streams and for the connection that are as wide as
    /// there are, and GETs of a path on so many streams.
    private static func requests(_ count: Int, path: String) -> [UInt8] {
        let widest = UInt32(Int32.max)
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        bytes += frame(type: 4, stream: 0, [0, 4] + bigEndian(widest))
        bytes += frame(type: 8, stream: 0, bigEndian(widest - 65_535))
        for index in 0..<count {
            // :method GET, :scheme https; :authority and :path as literals without an index (RFC 7541).
            let fields: [UInt8] =
                [0x82, 0x87, 0x01, 1] + Array("x".utf8) + [0x04, UInt8(path.utf8.count)] + Array(path.utf8)
            bytes += frame(type: 1, flags: 0x05, stream: UInt32(2 * index + 1), fields)
        }
        return bytes
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
    }

    private static func frame(type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        Array(bigEndian(UInt32(payload.count)).dropFirst()) + [type, flags] + bigEndian(stream) + payload
    }

    /// Connects, asks, and stops reading.
    func askAndReadNothing(_ count: Int, path: String) async throws -> any Channel {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: configuration)
        let asked = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    try pipeline.addHandler(AskOnce(Self.requests(count, path: path), asked))
                }
            }
            .connect(host: "127.0.0.1", port: port).flatMap { channel in
                asked.futureResult.hop(to: channel.eventLoop).map { channel }
            }
            .get()
    }

    private final class AskOnce: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let requests: [UInt8]
        private let asked: EventLoopPromise<Void>

        init(_ requests: [UInt8], _ asked: EventLoopPromise<Void>) {
            self.requests = requests
            self.asked = asked
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case TLSUserEvent.handshakeCompleted = event else { return }
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: requests)), promise: asked)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            asked.fail(error)
            context.close(promise: nil)
        }
    }
}
