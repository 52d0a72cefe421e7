import NIOCore

/// Ends a connection whose client takes nothing of what waits to be sent, however many answers that belongs to. Over
/// HTTP/2 a stream that waits for its connection is not told from one that waits for its client.
final class UnreadAnswers: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let limit: Duration
    private let deadlines = ConnectionDeadlines()

    init(_ limit: Duration) { self.limit = limit }

    func handlerRemoved(context: ChannelHandlerContext) { deadlines.cancelAll() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadlines.cancel(.writing)
        if !context.channel.isWritable {
            deadlines.set(.writing, in: TimeAmount(limit), context) { context.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadlines.cancelAll()
        context.fireChannelInactive()
    }
}
