import API
import Installation

extension NetworkPolicy {
    init(_ settings: InstallationSettings.Listening) throws(InstallationSettings.Invalid) {
        self.init()
        maximumBodyBytes = settings.maximumBodyBytes
        maximumRequests = settings.maximumRequests
        maximumStreams = settings.maximumStreams
        maximumConnections = settings.maximumConnections
        maximumConnectionsOfClient = settings.maximumConnectionsOfClient
        readTimeout = settings.readTimeout
        writeTimeout = settings.writeTimeout
        idleTimeout = settings.idleTimeout
        isSecure = settings.tls != nil
        for origin in settings.corsOrigins {
            // As a browser sends it: no path, not even a slash at the end.
            guard origin.wholeMatch(of: /https?:\/\/[a-z0-9.\-_\[\]:]+/) != nil else {
                throw InstallationSettings.Invalid(
                    "FOOTFALL_CORS_ORIGINS has \(origin), which is no origin such as https://app.example:8443")
            }
            corsOrigins.insert(origin)
        }
        for network in settings.trustedProxies {
            guard let range = AddressRange(network) else {
                throw InstallationSettings.Invalid(
                    "FOOTFALL_TRUSTED_PROXIES has \(network), which is no address and no network such as 10.0.0.0/8")
            }
            trustedProxies.append(range)
        }
    }
}
