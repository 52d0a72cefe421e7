import API
import Counting
import EventSourcing
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import Postgres
import Projector
import Synchronization

/// The API behind the server that the program runs, reached byte by byte; a log in memory, and a database that is not
/// there.
struct WireServer: Sendable {
    let port: Int
    let log: InMemoryEventLog

    /// - Parameter add: more routes, behind all that stands before the API's own.
    static func with(
        _ policy: NetworkPolicy = NetworkPolicy(), identity: ServerIdentity? = nil, logger: Logger = .silent,
        add: (Router<APIContext>) -> Void = { _ in },
        _ body: @escaping @Sendable (WireServer) async throws -> Void
    ) async throws {
        let clock = TestClock("2026-03-29T12:00:00Z")
        let log = InMemoryEventLog(now: { clock.now })
        let nowhere = ConnectionTarget("host=/nonexistent")
        let pool = Pool(nowhere, logger: .silent)
        let listener = Listener(nowhere, channels: [], logger: .silent)
        let ids = Atomic<Int64>(0)
        let backend = Backend(
            log: log, requests: log, pool: pool,
            checkpoints: Checkpoints(pool: pool, listener: listener, logger: .silent), vault: .inMemory(),
            streams: .test, authentication: .off,
            newCameraID: { try CameraID(ids.wrappingAdd(1, ordering: .relaxed).newValue) }, now: { clock.now })
        let router = backend.makeRouter(policy)
        add(router)
        let application = Application(
            router: NormalizingRouter(router), server: policy.server(identity),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.live) { client in
            guard let port = client.port else { preconditionFailure("a live server has a port") }
            try await body(WireServer(port: port, log: log))
        }
    }

    private var client: WireClient { WireClient(port: port) }

    /// A client that comes from another address of this machine.
    func client(from address: String) -> WireClient { WireClient(port: port, source: address) }

    func exchange(_ text: String) async throws -> String { try await client.exchange(Array(text.utf8)) }

    func exchange(_ bytes: [UInt8]) async throws -> String { try await client.exchange(bytes) }

    func connect<Value: Sendable>(_ body: (inout WireConnection) async throws -> Value) async throws -> Value {
        try await client.connect(body)
    }
}

/// A client that speaks to a server on this machine byte by byte.
struct WireClient: Sendable {
    let port: Int
    /// The address that it comes from; nil for the usual one.
    var source: String?

    /// Sends the bytes, as far as the server takes them, and reads until it ends the connection.
    func exchange(_ bytes: [UInt8]) async throws -> String {
        try await connect { connection in
            // The answer may come before the end is taken.
            do { try await connection.send(bytes) } catch is ChannelError {} catch is IOError {}
            return try await connection.rest()
        }
    }

    func connect<Value: Sendable>(_ body: (inout WireConnection) async throws -> Value) async throws -> Value {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let source { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0)) }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
        var value: Value?
        do {
            try await channel.executeThenClose { inbound, outbound in
                var connection = WireConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                value = try await body(&connection)
            }
        } catch let error as ChannelError {
            // To close what the server has closed already is an error that matters to nobody.
            if value == nil { throw error }
        }
        guard let value else { throw ChannelError.eof }
        return value
    }
}

/// One connection, as a client that keeps to no rules has it.
struct WireConnection {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received = ""

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Says that nothing more will come.
    func finish() { outbound.finish() }

    /// What comes until `text` has come, that included.
    mutating func answer(upTo text: String) async throws -> String {
        while !received.contains(text), let bytes = try await inbound.next() { received += String(buffer: bytes) }
        defer { received = "" }
        return received
    }

    /// What comes until the server ends the connection.
    mutating func rest() async throws -> String {
        do {
            while let bytes = try await inbound.next() { received += String(buffer: bytes) }
        } catch is IOError {} catch is ChannelError {}  // a reset is an end too
        return received
    }
}
