import Settings

extension InstallationSettings {
    /// Where and how the API listens, and how much it takes from the network.
    package struct Listening: Sendable {
        package let host: String
        package let port: Int
        package let tls: TLSFiles?
        package let corsOrigins: [String]
        package let trustedProxies: [String]
        package let maximumBodyBytes: Int
        package let maximumConnections: Int
        package let maximumConnectionsOfClient: Int
        package let maximumRequests: Int
        package let maximumStreams: Int
        package let readTimeout: Duration
        package let writeTimeout: Duration
        package let idleTimeout: Duration

        package struct TLSFiles: Sendable {
            package let certificate: String
            package let key: String
        }

        init(_ reader: inout SettingReader) {
            host = reader.value(\.network.host)
            port = reader.value(\.network.port)
            switch (reader.value(\.network.tlsCertificate), reader.value(\.network.tlsKey)) {
            case (let certificate?, let key?): tls = TLSFiles(certificate: certificate, key: key)
            case (let certificate, let key):
                tls = nil
                if certificate != nil {
                    reader.fault(
                        "a TLS certificate (FOOTFALL_TLS_CERTIFICATE) needs its key: FOOTFALL_TLS_KEY is missing")
                } else if key != nil {
                    reader.fault(
                        "a TLS key (FOOTFALL_TLS_KEY) needs its certificate: FOOTFALL_TLS_CERTIFICATE is missing")
                }
            }
            corsOrigins = reader.value(\.network.corsOrigins)
            trustedProxies = reader.value(\.network.trustedProxies)
            maximumBodyBytes = reader.value(\.limits.bodyBytes)
            maximumConnections = reader.value(\.limits.connections)
            maximumConnectionsOfClient = reader.value(\.limits.connectionsOfClient)
            maximumRequests = reader.value(\.limits.requests)
            maximumStreams = reader.value(\.limits.streams)
            readTimeout = reader.value(\.limits.readTimeout)
            writeTimeout = reader.value(\.limits.writeTimeout)
            idleTimeout = reader.value(\.limits.idleTimeout)
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
    }
}
