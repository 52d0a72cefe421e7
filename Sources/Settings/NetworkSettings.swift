/// Where the API listens, and whom it believes.
package struct NetworkSettings: SettingGroup {
    var title: String { "Network" }

    package let host = Setting(
        "host", .text("an address or a name"), default: "127.0.0.1", flag: .standard,
        "The address or name that the API listens on; without authentication only a loopback address")
    package let port = Setting(
        "port", .integer(0...65_535), default: 3002, flag: .standard, "The API's port; 0 takes a free one")
    package let tlsCertificate = Setting(
        "tls.certificate", .text("a file"), flag: .standard,
        "A PEM file with the certificate and its chain: the API then speaks TLS alone; read again at SIGHUP")
    package let tlsKey = Setting(
        "tls.key", .text("a file"), flag: .standard, "A PEM file with the certificate's key; read again at SIGHUP")
    package let corsOrigins = Setting(
        "cors.origins", .list(of: "origins such as `https://app.example`"), default: [],
        "The origins whose pages may read answers")
    package let trustedProxies = Setting(
        "trusted.proxies", .list(of: "addresses and networks"), default: [],
        "The proxies whose `X-Forwarded-For` is believed")
}

/// How much the API takes from its clients.
package struct LimitSettings: SettingGroup {
    var title: String { "Limits" }

    /// Where users can be told apart.
    package static let rates = "100/m, worker=6000/m"

    package let rate = Setting(
        "rate.limit", .text("limits such as `\(rates)`"), otherwise: "`\(rates)`; without authentication `off`",
        "How many requests a user may make (s, m, h; for everybody and for roles; `off`)")
    package let redisURL = Setting(
        "redis.url",
        .text("`redis://[user:password@]host[:port][/database]` or `unix:///path`"), confidential: true,
        "A Redis in which several servers share the rate limits")
    package let bodyBytes = Setting(
        "max.body.bytes", .integer(1024...(1 << 30)), default: 1 << 20, "How long a request's body may be")
    package let connections = Setting(
        "max.connections", .integer(1...1_000_000), default: 4096,
        "How many connections are open at a time; for one more, the one that has waited longest for a request is closed"
    )
    package let connectionsOfClient = Setting(
        "max.connections.per.client", .integer(1...1_000_000), default: 256,
        "How many of them one client may have: an address of IPv4, a /56 of IPv6; trusted proxies may have all")
    package let requests = Setting(
        "max.requests", .integer(1...1_000_000), default: 256,
        """
        How many requests are worked on at a time; others are answered 503. Half of them may be of one user; others of that \
        user are answered 429. Reads that wait for `min_position` are counted for themselves, 1024 at most and 64 of one \
        user, and so are bodies that are on their way, 512 and 32
        """)
    package let streams = Setting(
        "max.streams", .integer(1...100_000), default: 64,
        "How many answers of unknown length, such as exports, are sent at a time; others are answered 503")
    package let readTimeout = Setting(
        "read.timeout", .seconds, default: .seconds(60), "How long a request may take to come in whole")
    package let writeTimeout = Setting(
        "write.timeout", .seconds, default: .seconds(60), "How long a client may take nothing of an answer")
    package let idleTimeout = Setting(
        "idle.timeout", .seconds, default: .seconds(75), "How long a connection stays open between requests")
    package let clockTolerance = Setting(
        "clock.tolerance", .seconds, default: .seconds(120),
        """
        How far what is reported may be dated ahead of the server's clock, and a heartbeat before its camera's registration
        """)
}
