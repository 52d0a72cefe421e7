import API
import Access
import Foundation
import Installation
import Settings
import StreamPolicy

/// What the settings come to for a server: those of the installation, and what only a server reads.
@dynamicMemberLookup
struct ServerSettings: Sendable {
    let installation: InstallationSettings
    let policy: NetworkPolicy
    let rates: RateRules
    /// Where several processes share what users have asked for; nil for none.
    let redis: RedisTarget?
    /// Where spans are sent; nil for nowhere.
    let traces: TraceExport?

    /// - Throws: all that is wrong with any setting.
    init(
        _ flags: [SettingFlag], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(InvalidSettings) {
        var reader = SettingReader(flags, environment: environment)
        installation = InstallationSettings(&reader, environment: environment)
        policy = NetworkPolicy(installation.listening, &reader)
        rates = RateRules(&reader, isAuthenticated: installation.authentication.isOn)
        redis = RedisTarget(&reader)
        traces = TraceExport(&reader)
        try reader.check()
    }

    subscript<Value>(dynamicMember path: KeyPath<InstallationSettings, Value>) -> Value { installation[keyPath: path] }
}

extension RateRules {
    /// - Parameter isAuthenticated: whether requests prove who sends them. Where they do not, users cannot be told apart,
    ///   and nothing is limited unless a limit is given.
    fileprivate init(_ reader: inout SettingReader, isAuthenticated: Bool) {
        let standard = isAuthenticated ? LimitSettings.rates : "off"
        do throws(Invalid) { self = try RateRules(reader.value(\.limits.rate) ?? standard) } catch {
            reader.fault("FOOTFALL_RATE_LIMIT cannot be read: \(error)")
            self = .unlimited
        }
    }
}

extension RedisTarget {
    fileprivate init?(_ reader: inout SettingReader) {
        guard let url = reader.value(\.limits.redisURL) else { return nil }
        do throws(Invalid) { try self.init(url) } catch {
            reader.fault(error.description)
            return nil
        }
    }
}

extension NetworkPolicy {
    fileprivate init(_ settings: InstallationSettings.Listening, _ reader: inout SettingReader) {
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
            if origin.wholeMatch(of: /https?:\/\/[a-z0-9.\-_\[\]:]+/) == nil {
                reader.fault("FOOTFALL_CORS_ORIGINS has \(origin), which is no origin such as https://app.example:8443")
            }
            corsOrigins.insert(origin)
        }
        for network in settings.trustedProxies {
            if let proxies = Network(network) {
                trustedProxies.append(proxies)
            } else {
                reader.fault(
                    "FOOTFALL_TRUSTED_PROXIES has \(network), which is no address and no network such as 10.0.0.0/8")
            }
        }
    }
}
