import NIOCore

/// The moments by which something must have happened on one connection, one of each kind. Used on its event loop alone.
final class ConnectionDeadlines {
    enum Kind: Int {
        /// A request is there, or its body is.
        case reading
        /// The client has taken some of an answer.
        case writing
        /// The connection is closed.
        case end
    }

    /// By kind.
    private var scheduled: [Scheduled<Void>?] = [nil, nil, nil]

    func isSet(_ kind: Kind) -> Bool { scheduled[kind.rawValue] != nil }

    /// Does `work` in that time unless the deadline is cancelled or set again before.
    func set(_ kind: Kind, in time: TimeAmount, _ context: ChannelHandlerContext, _ work: @escaping () -> Void) {
        cancel(kind)
        scheduled[kind.rawValue] = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.scheduled[kind.rawValue] = nil
            work()
        }
    }

    func cancel(_ kind: Kind) {
        scheduled[kind.rawValue]?.cancel()
        scheduled[kind.rawValue] = nil
    }

    func cancelAll() { for kind in [Kind.reading, .writing, .end] { cancel(kind) } }
}
