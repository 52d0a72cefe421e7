import NIOCore
import NIOSSL
import NIOTLS

/// Waits until a connection is under TLS.
final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let outcome: EventLoopPromise<Void>
    private var limit: Scheduled<Void>?

    /// - Parameter timeout: how long the handshake may take.
    init(on loop: any EventLoop, timeout: TimeAmount) {
        let outcome = loop.makePromise(of: Void.self)
        self.outcome = outcome
        limit = loop.scheduleTask(in: timeout) { outcome.fail(StreamTrouble.timedOut) }
    }

    /// Fails by the `StreamTrouble` that there is.
    var done: EventLoopFuture<Void> { outcome.futureResult }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            limit?.cancel()
            outcome.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(StreamTrouble(handshake: error))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.noTLS)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { fail(.noTLS) }

    private func fail(_ trouble: StreamTrouble) {
        limit?.cancel()
        outcome.fail(trouble)
    }
}

extension StreamTrouble {
    /// - Parameter error: what ended a handshake.
    fileprivate init(handshake error: any Error) {
        switch error {
        case NIOSSLError.handshakeFailed(let inner) where "\(inner)".contains("CERTIFICATE_VERIFY_FAILED"):
            self = .notTrusted
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate: self = .notTrusted
        case let error as NIOSSLExtraError
        where error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch:
            self = .notTrusted
        default: self = .noTLS
        }
    }
}
