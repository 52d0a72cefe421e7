import Foundation

extension InstallationSettings {
    /// Where and how the API listens, and how much it takes from the network.
    package struct Listening: Sendable {
        /// `FOOTFALL_HOST`: the address or name to listen on.
        package let host: String
        /// `FOOTFALL_PORT`: 0 takes any free port.
        package let port: Int
        /// `FOOTFALL_TLS_CERTIFICATE`, `FOOTFALL_TLS_KEY`: PEM files, both or none.
        package let tls: TLSFiles?
        /// `FOOTFALL_CORS_ORIGINS`: the origins whose pages may read answers, such as `https://app.example`.
        package let corsOrigins: [String]
        /// `FOOTFALL_TRUSTED_PROXIES`: the networks whose `X-Forwarded-For` is believed.
        package let trustedProxies: [String]
        /// `FOOTFALL_MAX_BODY_BYTES`: how long a request's body may be.
        package let maximumBodyBytes: Int
        /// `FOOTFALL_MAX_CONNECTIONS`: how many connections are open at a time; for one more, another one gives way.
        package let maximumConnections: Int
        /// `FOOTFALL_MAX_CONNECTIONS_PER_CLIENT`: how many of them may come from one client's network.
        package let maximumConnectionsOfClient: Int
        /// `FOOTFALL_MAX_REQUESTS`: how many requests are worked on at a time; others are answered 503.
        package let maximumRequests: Int
        /// `FOOTFALL_MAX_STREAMS`: how many answers of unknown length are sent at a time; others are answered 503.
        package let maximumStreams: Int
        /// `FOOTFALL_READ_TIMEOUT`: how long a request may take to come in whole.
        package let readTimeout: Duration
        /// `FOOTFALL_WRITE_TIMEOUT`: how long a client may take nothing of an answer.
        package let writeTimeout: Duration
        /// `FOOTFALL_IDLE_TIMEOUT`: how long a connection stays open between requests.
        package let idleTimeout: Duration

        package struct TLSFiles: Sendable {
            package let certificate: String
            package let key: String
        }

        init(_ reader: SettingsReader) throws(Invalid) {
            host = reader.text("host") ?? "127.0.0.1"
            if host.isEmpty { throw Invalid("the address to listen on (FOOTFALL_HOST) is empty") }
            port = try Self.port(reader.text("port") ?? "3002")
            switch (reader.text("tls.certificate"), reader.text("tls.key")) {
            case (let certificate?, let key?): tls = TLSFiles(certificate: certificate, key: key)
            case (nil, nil): tls = nil
            case (_?, nil): throw Invalid("a TLS certificate needs its key: FOOTFALL_TLS_KEY is missing")
            case (nil, _?): throw Invalid("a TLS key needs its certificate: FOOTFALL_TLS_CERTIFICATE is missing")
            }
            corsOrigins = reader.list("cors.origins")
            trustedProxies = reader.list("trusted.proxies")
            maximumBodyBytes = try reader.integer("max.body.bytes", in: 1024...(1 << 30), default: 1 << 20)
            maximumConnections = try reader.integer("max.connections", in: 1...1_000_000, default: 4096)
            maximumConnectionsOfClient = try reader.integer(
                "max.connections.per.client", in: 1...1_000_000, default: 256)
            maximumRequests = try reader.integer("max.requests", in: 1...1_000_000, default: 256)
            maximumStreams = try reader.integer("max.streams", in: 1...100_000, default: 64)
            readTimeout = try reader.seconds("read.timeout", default: .seconds(60))
            writeTimeout = try reader.seconds("write.timeout", default: .seconds(60))
            idleTimeout = try reader.seconds("idle.timeout", default: .seconds(75))
        }

        /// Whether only programs on this machine reach the address.
        package var isLoopback: Bool { Loopback.isNamed(by: host) }

        /// The URL of the server's root, as others reach it.
        package func base(port: Int) -> String { "\(scheme)://\(Self.inURL(host)):\(port)" }

        /// Scheme and host by which programs on this machine reach the server.
        package var originFromHere: String {
            let host =
                switch host {
                case "0.0.0.0": "127.0.0.1"
                case "::": "::1"
                default: host
                }
            return "\(scheme)://\(Self.inURL(host))"
        }

        private var scheme: String { tls == nil ? "http" : "https" }

        private static func inURL(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

        private static func port(_ text: String) throws(Invalid) -> Int {
            guard let port = Int(text), (0...65_535).contains(port) else {
                throw Invalid("the port (FOOTFALL_PORT) is \(text), not a number from 0 to 65535")
            }
            return port
        }
    }
}
