import Configuration

extension InstallationSettings {
    /// What was given by flags; nil where it was not.
    package struct Flags: Sendable {
        package var dataDirectory: String?
        package var host: String?
        package var port: Int?
        package var tlsCertificate: String?
        package var tlsKey: String?
        package var databaseURL: String?
        package var model: String?
        package var fileStreamRoot: String?
        package var streamNetworks: String?
        package var streamTLSVerify: String?
        package var streamCAFile: String?
        package var workerID: String?
        package var masterKeyFile: String?
        package var auth: String?
        package var authKeySet: String?
        package var authVerifyURL: String?
        package var authIssuer: String?
        package var authAudience: String?
        package var logLevel: String?
        package var logFormat: String?

        package init() {}

        /// By the keys of the settings.
        var values: [AbsoluteConfigKey: ConfigValue] {
            let given: [AbsoluteConfigKey: String?] = [
                ["footfall", "data", "dir"]: dataDirectory,
                ["footfall", "host"]: host,
                ["footfall", "port"]: port.map(String.init),
                ["footfall", "tls", "certificate"]: tlsCertificate,
                ["footfall", "tls", "key"]: tlsKey,
                ["footfall", "database", "url"]: databaseURL,
                ["footfall", "model"]: model,
                ["footfall", "file", "stream", "root"]: fileStreamRoot,
                ["footfall", "stream", "networks"]: streamNetworks,
                ["footfall", "stream", "tls", "verify"]: streamTLSVerify,
                ["footfall", "stream", "ca", "file"]: streamCAFile,
                ["footfall", "worker", "id"]: workerID,
                ["footfall", "master", "key", "file"]: masterKeyFile,
                ["footfall", "auth"]: auth,
                ["footfall", "auth", "jwks"]: authKeySet,
                ["footfall", "auth", "verify", "url"]: authVerifyURL,
                ["footfall", "auth", "issuer"]: authIssuer,
                ["footfall", "auth", "audience"]: authAudience,
                ["footfall", "log", "level"]: logLevel,
                ["footfall", "log", "format"]: logFormat,
            ]
            return given.compactMapValues { $0.map { ConfigValue(.string($0), isSecret: false) } }
        }
    }
}
