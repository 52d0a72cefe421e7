import Foundation
import Loopback
import NIOCore
import NIOPosix
import NIOSSL
import StreamPolicy

/// A port of this machine that leads to one stream, for FFmpeg in this process alone.
///
/// For RTSP and RTMP it hands bytes to and fro, under TLS where the stream's URL says so. For HTTP it is a forwarding
/// proxy (RFC 9110, section 7.7; CONNECT for https), so that redirects and what play lists name come by here too. Each
/// connection goes to an address that was checked for it, and TLS is the relay's own: FFmpeg checks no certificate.
struct StreamRelay: Sendable {
    private typealias Bytes = LoopbackServer.Connection
    private typealias Requests = NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private typealias Answers = NIOAsyncChannelOutboundWriter<ByteBuffer>

    let endpoint: StreamEndpoint
    let policy: StreamPolicy
    let tls: CameraTLS
    /// How long it may take to be connected, whatever the number of addresses.
    let timeout: Duration
    let report: RelayReport

    /// How many of a name's addresses are tried.
    private static let maximumAddresses = 4

    /// Listens for as long as the body runs; every connection ends with it.
    func run<Value: Sendable>(_ body: @Sendable (UInt16) async throws -> Value) async throws -> Value {
        try await LoopbackServer.run(backlog: 16, serve: serve, body)
    }

    @Sendable private func serve(_ client: Bytes) async {
        do {
            try await client.executeThenClose { fromClient, toClient in
                // Any other program on this machine that finds the port gets nothing.
                guard LoopbackPeer.isThisProcess(client.channel) else { return }
                var requests = fromClient.makeAsyncIterator()
                if endpoint.transport == .http {
                    try await forward(&requests, toClient, client.channel)
                } else if let camera = await connect(endpoint.host, endpoint.port, isSecure: endpoint.isSecure) {
                    try await splice(
                        camera, ByteBuffer(), &requests, toClient,
                        endpoint.transport == .rtsp ? RTSPReader() : PlainReader())
                }
            }
        } catch {}  // A connection that breaks ends; FFmpeg says what that means.
    }

    /// Answers one request of FFmpeg, which makes a connection for each.
    private func forward(_ requests: inout Requests, _ toClient: Answers, _ client: any Channel) async throws {
        var received = ByteBuffer()
        var head = ProxyRequest(&received)
        while head == nil, received.readableBytes <= ProxyRequest.maximumBytes, var more = try await requests.next() {
            received.writeBuffer(&more)
            head = ProxyRequest(&received)
        }
        guard let head else { return }
        guard let camera = await connect(head) else {
            try await toClient.write(ByteBuffer(string: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
            return toClient.finish()
        }
        if head.isTunnel {
            try await splice(camera, ByteBuffer(), &requests, toClient, HTTPReader()) {
                // At one go: what FFmpeg sends once it has this is for the handler.
                try await client.eventLoop.submit {
                    client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connected\r\n\r\n"), promise: nil)
                    try client.pipeline.syncOperations.addHandler(InnerTLS.handler(), position: .first)
                }.get()
            }
        } else {
            var first = head.forwarded
            first.writeBuffer(&received)
            try await splice(camera, first, &requests, toClient, HTTPReader())
        }
    }

    /// Hands bytes to and fro until FFmpeg has closed its side; nothing is read that the other side has not taken yet.
    /// - Parameter prepare: what has to happen before.
    private func splice(
        _ camera: Bytes, _ first: ByteBuffer, _ requests: inout Requests, _ toClient: Answers,
        _ reader: any ServerReader, _ prepare: () async throws -> Void = {}
    ) async throws {
        try await camera.executeThenClose { fromCamera, toCamera in
            try await prepare()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { toClient.finish() }  // FFmpeg sees the end, and closes
                    var reader = reader
                    for try await bytes in fromCamera {
                        report.received(bytes.readableBytes)
                        let passed = try pass(bytes, by: &reader)
                        if passed.readableBytes > 0 { try await toClient.write(passed) }
                    }
                }
                defer { group.cancelAll() }
                if first.readableBytes > 0 { try await toCamera.write(first) }
                while let bytes = try await requests.next() { try await toCamera.write(bytes) }
            }
        }
    }

    private func pass(_ bytes: ByteBuffer, by reader: inout any ServerReader) throws(StreamTrouble) -> ByteBuffer {
        do throws(StreamTrouble) {
            let passed = try reader.pass(bytes)
            if let status = reader.takeStatus() { report.answered(status) }
            return passed
        } catch {
            report.refuse(error)
            throw error
        }
    }

    private func connect(_ request: ProxyRequest) async -> Bytes? {
        do throws(StreamRefusal) {
            let (host, port) = try request.place()
            return await connect(host, port, isSecure: request.isTunnel)
        } catch {
            report.refuse(StreamTrouble(error))
            return nil
        }
    }

    /// A connection to an address that was checked just now; nil where there is none, with the reason in the report.
    private func connect(_ host: StreamEndpoint.Host, _ port: UInt16, isSecure: Bool) async -> Bytes? {
        let addresses: [IPAddress]
        do throws(StreamRefusal) {
            addresses = try await policy.addresses(of: host, over: endpoint.transport)
        } catch {
            report.refuse(StreamTrouble(error))
            return nil
        }
        let judgements: [CameraTLS.Judgement?] = isSecure ? tls.judgements : [nil]
        var trouble = StreamTrouble.noAnswer
        let end = ContinuousClock.now + timeout
        let tried = addresses.prefix(Self.maximumAddresses)
        for (index, address) in tried.enumerated() {
            for judgement in judgements {
                // A share of the time that is left, for each address and for what comes after.
                let limit = ContinuousClock.now.duration(to: end) / (tried.count - index + 1)
                guard limit > .zero else { break }
                do {
                    let camera = try await connect(address, port, as: host, judgement, within: limit)
                    report.connected()
                    return camera
                } catch {
                    let found = error as? StreamTrouble
                    // Of several addresses, one that showed a certificate says most.
                    if let found, trouble != .notTrusted { trouble = found }
                    if found != .notTrusted { break }
                }
            }
        }
        report.refuse(trouble)
        return nil
    }

    /// - Parameters:
    ///   - judgement: by what the camera's certificate is judged; nil for a connection in clear.
    ///   - limit: how long connecting may take, and the handshake.
    private func connect(
        _ address: IPAddress, _ port: UInt16, as host: StreamEndpoint.Host, _ judgement: CameraTLS.Judgement?,
        within limit: Duration
    ) async throws -> Bytes {
        let limit = TimeAmount(limit)
        let (camera, secured) = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .connectTimeout(limit)
            .connect(to: try SocketAddress(ipAddress: "\(address)", port: Int(port))) { channel in
                channel.eventLoop.makeCompletedFuture {
                    var secured: EventLoopFuture<Void>?
                    if let judgement {
                        let watch = HandshakeWatch(on: channel.eventLoop, timeout: limit)
                        secured = watch.done
                        try channel.pipeline.syncOperations.addHandlers([
                            try tls.handler(judgement, for: host), watch,
                        ])
                    }
                    return (try Bytes(wrappingChannelSynchronously: channel), secured)
                }
            }
        do { try await secured?.get() } catch {
            try? await camera.executeThenClose { _, _ in }  // it is of no use any more, however it ends
            throw error
        }
        return camera
    }
}
