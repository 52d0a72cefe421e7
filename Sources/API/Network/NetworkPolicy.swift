import StreamPolicy

/// How much the server takes from the network, how long it waits, and whom it believes.
package struct NetworkPolicy: Sendable {
    /// Of one request, in bytes.
    package var maximumBodyBytes = 1 << 20
    /// From how many bytes on a body is read on a thread of its own (`BodyThread`): less takes a few milliseconds.
    package var largeBodyBytes = 64 * 1024
    /// How many requests are worked on at a time; others are answered 503.
    package var maximumRequests = 256
    /// How many of them may be of one user; others are answered 429.
    var maximumRequestsOfUser: Int { max(1, maximumRequests / 2) }
    /// How many answers of unknown length are sent at a time; others are answered 503.
    package var maximumStreams = 64
    /// How many bodies of requests are waited for at a time, and how many of one user; others are answered 503.
    package var maximumBodies = 512
    package var maximumBodiesOfUser = 32
    /// How many connections are open at a time; for one more, another one gives way (`ConnectionBook`).
    package var maximumConnections = 4096
    /// How many of them may be of one client's network.
    package var maximumConnectionsOfClient = 256
    /// Those that are open, of all copies of the policy.
    package let connections = ConnectionBook()
    /// How long a connection may take until its first request's head is there, and a request until its body is.
    package var readTimeout = Duration.seconds(60)
    /// How long a client may take nothing of an answer that waits for it.
    package var writeTimeout = Duration.seconds(60)
    /// How long a connection stays open between requests.
    package var idleTimeout = Duration.seconds(75)
    /// The origins whose pages may read answers: scheme, host and port, as a browser sends them.
    package var corsOrigins: Set<String> = []
    /// The networks whose `X-Forwarded-For` is believed.
    package var trustedProxies: [Network] = []
    /// Whether clients are told to come by TLS alone from now on.
    package var isSecure = false

    package init() {}

    /// How many requests of one connection of HTTP/2 are under way at a time.
    static let maximumStreamsOfConnection = 32
    /// Of one request's path and query, in bytes.
    static let maximumAddressBytes = 8192
    /// Of one header, and of the line with the address.
    static let maximumHeaderBytes = 16_384
    /// Of all headers of one request together.
    static let maximumHeadersBytes = 65_536
    static let maximumHeaderCount = 100
}
