import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOHTTPTypesHTTP2

/// Keeps one connection, or one stream of HTTP/2, within the policy, and sees to it that its end is an orderly one.
///
/// - What cannot be read as HTTP is answered with a problem. A body that is too long, late or malformed is an error to
///   anyone who reads it: a `Problem` too. After each of them the connection ends, or the stream, which is reset
///   without an error after its answer (RFC 9113, section 8.1).
/// - A client that waits to be asked for a body is asked once that is wanted (`ExpectedBody.Wanted`). Where it is answered
///   without, or says that more comes than is taken, the body is not waited for: the connection ends.
/// - An answer after which the connection ends says so, and its bytes are let out before: the sending side is closed
///   first, and what still comes is thrown away for a moment, so that no reset overtakes the answer (RFC 9112,
///   section 9.6).
/// - A client that takes nothing of an answer loses the connection.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let policy: NetworkPolicy
    /// Of this connection, or of the one that this is a stream of, in the policy's book.
    private var connectionID: ObjectIdentifier?
    /// Of HTTP/1, where a connection is kept or ended by a header.
    private var isConnection = false

    /// Requests whose head was read and whose answer is not written yet.
    private var underWay = 0 {
        didSet {
            guard let connectionID else { return }
            if underWay > oldValue { policy.connections.requestBegan(on: connectionID) }
            if underWay < oldValue { policy.connections.requestEnded(on: connectionID) }
        }
    }
    private var isReading = false
    /// Of a stream, its request's head was passed on.
    private var hasBegun = false
    /// The client waits to be asked for the body of the request that is read.
    private var isBodyAwaited = false
    /// The body of the request that is read will not be taken, whatever the answer.
    private var isBodyRefused = false
    /// The client wants the answer of the request that is read to be the last one.
    private var isClosing = false
    private var bodyBytes = 0
    /// Nothing more of what comes is passed on.
    private var isDiscarding = false
    private var isQuiescing = false
    /// The answer that is being written is the last one.
    private var isLastAnswer = false
    /// The last answer's end is on its way out.
    private var isEndUnsent = false
    private var isLingering = false
    private let deadlines = ConnectionDeadlines()

    private static let lingering = TimeAmount.seconds(2)
    private static let hostField = HTTPField.Name.headerName("Host")

    init(_ policy: NetworkPolicy) { self.policy = policy }

    func handlerAdded(context: ChannelHandlerContext) {
        connectionID = context.channel.connectionID
        let pipeline = context.pipeline.syncOperations
        if let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self) {  // a stream of HTTP/2 has none
            isConnection = true
            do { try pipeline.addHandler(HTTP1Rules(), position: .before(codec)) } catch {
                context.fireErrorCaught(error)
            }
        }
        if context.channel.isActive { awaitRequest(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadlines.cancelAll()
        // Of a stream that ends before its answer does.
        if underWay > 0 { underWay = 0 }
    }

    func channelActive(context: ChannelHandlerContext) {
        awaitRequest(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadlines.cancelAll()
        context.fireChannelInactive()
    }

    // What comes in.

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isDiscarding {
            if case .end = part { isReading = false }
            return
        }
        switch part {
        case .head(let head):
            deadlines.cancel(.reading)
            if let problem = isConnection ? nil : Self.problem(of: head) {
                isReading = true
                return fail(problem, context)
            }
            if !isConnection, hasTooManyStreams {
                // A client that has not heard how many there may be, or does not care, may ask again (RFC 9113, section
                // 8.7).
                isDiscarding = true
                return context.triggerUserOutboundEvent(
                    NIOHTTP2FramePayloadToHTTPEvent.reset(code: .refusedStream), promise: nil)
            }
            hasBegun = true
            underWay += 1
            isReading = true
            bodyBytes = 0
            isBodyAwaited = head.headerFields[.expect] != nil
            isBodyRefused = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0 > policy.maximumBodyBytes
            isClosing = head.headerFields[.connection] == "close"
        case .body(let bytes):
            isBodyAwaited = false
            bodyBytes += bytes.readableBytes
            if bodyBytes > policy.maximumBodyBytes {
                return fail(.bodyTooLarge(maximum: policy.maximumBodyBytes), context)
            }
        case .end:
            deadlines.cancel(.reading)
            isReading = false
            isBodyAwaited = false
        }
        context.fireChannelRead(data)
    }

    private var hasTooManyStreams: Bool {
        guard let connectionID else { return false }
        return policy.connections.requestsUnderWay(on: connectionID) >= NetworkPolicy.maximumStreamsOfConnection
    }

    /// What is wrong with a request of HTTP/2, which has no parser that minds (RFC 9113, section 8.3.1).
    private static func problem(of head: HTTPRequest) -> Problem? {
        guard head.headerFields.allSatisfy({ HeaderText.isTaken($0.value) }),
            [head.scheme, head.authority, head.path].allSatisfy({ $0?.utf8.allSatisfy { $0 < 0x80 } ?? true })
        else { return .malformedRequest }
        let hosts = head.headerFields[values: hostField] + (head.authority.map { [$0] } ?? [])
        guard let host = hosts.first, hosts.allSatisfy({ $0 == host }), HostName.isValid(host),
            head.headerFields[values: hostField].count <= 1, ["http", "https"].contains(head.scheme),
            let path = head.path, path.hasPrefix("/") || path == "*" && head.method == .options
        else { return .malformedRequest }
        let sizes = head.headerFields.map { $0.name.rawName.utf8.count + $0.value.utf8.count }
        let isTooLarge =
            sizes.count > NetworkPolicy.maximumHeaderCount
            || max(sizes.max() ?? 0, path.utf8.count) > NetworkPolicy.maximumHeaderBytes
            || sizes.reduce(0, +) > NetworkPolicy.maximumHeadersBytes
        return isTooLarge ? .headersTooLarge : nil
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is ExpectedBody.Wanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if isBodyAwaited, !isDiscarding {
            isBodyAwaited = false
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A request that came in one piece needs no timer.
        if isReading, !isDiscarding { awaitRequest(context) }
        context.fireChannelReadComplete()
        if isLingering { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: fail(.headersTooLarge, context)
        case HTTPParserError.invalidEOFState where !isReading && underWay == 0: context.close(promise: nil)
        case is HTTPParserError, is MalformedRequest: fail(.malformedRequest, context)
        // The type is not public: a method, an authority or a path that is none.
        case _ where "\(type(of: error))".hasSuffix("TypeConversionError"): fail(.malformedRequest, context)
        default: context.fireErrorCaught(error)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: isQuiescing = true
        case ChannelEvent.inputClosed where isLingering: context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Ends the connection because of what came in, with the problem as an answer where there is one to give.
    private func fail(_ problem: Problem, _ context: ChannelHandlerContext) {
        if isDiscarding { return }
        isDiscarding = true
        deadlines.cancel(.reading)
        if isReading, underWay > 0 {
            // Anyone who reads the body answers with this.
            context.fireErrorCaught(problem)
        } else if underWay == 0, isConnection ? isReading : hasBegun {
            linger(context)
        } else if underWay == 0 {
            let answer = problem.answer
            underWay = 1
            write(context: context, data: wrapOutboundOut(.head(answer.head)), promise: nil)
            write(context: context, data: wrapOutboundOut(.body(ByteBuffer(bytes: answer.body))), promise: nil)
            write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
            context.flush()
        }
        // Else the answers that are under way come first; the last of them ends the connection.
    }

    // What goes out.

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isConnection && head.status.kind != .informational:
            if underWay == 1, endsAfterAnswer { head.headerFields[.connection] = "close" }
            isLastAnswer = head.headerFields[.connection] == "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where isLastAnswer || underWay == 1 && (isConnection ? isQuiescing : isRequestCutOff):
            underWay -= 1
            isEndUnsent = true
            let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
            sent.futureResult.assumeIsolated().whenComplete { _ in
                self.isEndUnsent = false
                if self.isConnection { return self.linger(context) }
                // The end of the request may be among what is read at this moment.
                context.eventLoop.assumeIsolated().execute { self.linger(context) }
            }
            context.write(data, promise: sent)
        case .end:
            underWay -= 1
            context.write(data, promise: promise)
        default: context.write(data, promise: promise)
        }
    }

    /// Whether nothing more can be read after the request that is answered.
    private var endsAfterAnswer: Bool { isQuiescing || isClosing || isRequestCutOff }

    /// Whether the rest of the request that is answered is not taken.
    private var isRequestCutOff: Bool { isDiscarding || isReading && (isBodyAwaited || isBodyRefused) }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Lingering closes, once the last answer is out; a client that does not take it has until the deadline.
        guard isConnection, isEndUnsent || isLingering, context.channel.isActive else {
            return context.close(mode: mode, promise: promise)
        }
        if mode == .input { return context.close(mode: mode, promise: promise) }
        if !deadlines.isSet(.end) { endAfter(TimeAmount(policy.writeTimeout), context) }
        promise?.succeed()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadlines.cancel(.writing)
        if !context.channel.isWritable {
            deadlines.set(.writing, in: TimeAmount(policy.writeTimeout), context) { context.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    /// Says that nothing more will be sent, and ends the connection soon, or as soon as the client does.
    private func linger(_ context: ChannelHandlerContext) {
        if !isConnection, isReading, context.channel.isActive {
            // Closed without this, a stream is reset as cancelled, and its client may drop the answer that it has.
            return context.triggerUserOutboundEvent(
                NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
        }
        guard isConnection, context.channel.isActive else { return context.close(promise: nil) }
        if isLingering { return }
        isLingering = true
        isDiscarding = true
        endAfter(Self.lingering, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }

    // Time.

    private func awaitRequest(_ context: ChannelHandlerContext) {
        guard !deadlines.isSet(.reading), !isDiscarding else { return }
        deadlines.set(.reading, in: TimeAmount(policy.readTimeout), context) {
            if self.isReading { self.fail(.requestTimeout, context) } else { context.close(promise: nil) }
        }
    }

    private func endAfter(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        deadlines.set(.end, in: time, context) { context.close(promise: nil) }
    }
}
