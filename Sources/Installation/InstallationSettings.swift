import Configuration
import Foundation
import StreamPolicy
import StructuredLogging

/// Every setting there is: a flag, else `FOOTFALL_…` in the environment, where it is not empty, else the default.
package struct InstallationSettings: Sendable {
    package struct Invalid: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// `FOOTFALL_DATA_DIR`: the embedded server's files; of no use with a database URL.
    package let dataDirectory: URL
    /// Whether the data directory was named, and is not the default.
    package let namesDataDirectory: Bool
    /// `FOOTFALL_DATABASE_URL`: a libpq connection string; without one, the embedded server is used.
    package let databaseURL: String?
    /// `FOOTFALL_MODEL`: the detection model (ONNX, or Darknet weights with the .cfg beside it) that the worker loads.
    package let model: String?
    /// `FOOTFALL_FILE_STREAM_ROOT`: the folder below which alone the worker opens file streams.
    package let fileStreamRoot: String?
    /// `FOOTFALL_STREAM_NETWORKS`: the networks in which alone streams are opened.
    package let streamNetworks: StreamNetworks
    /// `FOOTFALL_STREAM_TLS_VERIFY`, `FOOTFALL_STREAM_CA_FILE`: which certificates of cameras are believed.
    package let streamTrust: StreamTrust
    /// `FOOTFALL_WORKER_ID`: the name of the worker on this machine, by which cameras are assigned to it.
    package let workerID: String
    /// `FOOTFALL_AUTH…`: how requests prove who sends them.
    package let authentication: AuthenticationSettings
    /// `FOOTFALL_MASTER_KEY`: master keys in base64, separated by commas, the newest first. Never a flag, which others see.
    package let masterKey: String?
    /// `FOOTFALL_MASTER_KEY_FILE`: the file that holds the master keys.
    package let masterKeyFile: String?
    /// `FOOTFALL_LOG_LEVEL`: trace, debug, info, notice, warning, error or critical.
    package let logLevel: String
    /// `FOOTFALL_LOG_FORMAT`: how the log is written.
    package let logFormat: LogFormat
    /// `FOOTFALL_SLOW_QUERY`: from which time on a statement of the database is logged.
    package let slowQuery: Duration
    /// `FOOTFALL_CLOCK_TOLERANCE`: how far the clocks of devices and workers may be away from the server's; nil where it
    /// is not given.
    package let clockTolerance: Duration?
    /// `FOOTFALL_DATABASE_READERS`, `FOOTFALL_DATABASE_WRITERS`: how many sessions with the database there are.
    package let sessions: Sessions
    /// `FOOTFALL_RATE_LIMIT`: how many requests users may make, in the form of `RateRules`; nil where it is not given.
    package let rateLimit: String?
    /// `FOOTFALL_REDIS_URL`: a Redis server in which several processes share what users have asked for. May hold a
    /// password.
    package let redisURL: String?
    package let listening: Listening

    package init(
        _ flags: Flags = Flags(), environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(Invalid) {
        let values = ConfigReader(providers: [
            InMemoryProvider(values: flags.values),
            EnvironmentVariablesProvider(environmentVariables: environment.withoutEmptySettings),
        ]).scoped(to: "footfall")
        let reader = SettingsReader(values: values)

        let named = reader.text("data.dir")
        namesDataDirectory = named != nil
        let path = named ?? Self.defaultDataDirectory(environment)
        if path.isEmpty { throw Invalid("the data directory (FOOTFALL_DATA_DIR) is empty") }
        dataDirectory = URL(filePath: path)
        databaseURL = reader.text("database.url")
        model = reader.text("model")
        fileStreamRoot = reader.text("file.stream.root")
        streamNetworks = try Self.streamNetworks(reader.text("stream.networks"))
        streamTrust = try Self.streamTrust(reader.text("stream.tls.verify"), reader.text("stream.ca.file"))
        masterKey = reader.text("master.key")
        masterKeyFile = reader.text("master.key.file")
        logLevel = reader.text("log.level") ?? "info"
        logFormat = try reader.choice("log.format", default: .text)
        slowQuery = try reader.seconds("slow.query", default: .milliseconds(50))
        clockTolerance = try reader.seconds("clock.tolerance")
        sessions = try Sessions(reader)
        rateLimit = reader.text("rate.limit")
        redisURL = reader.text("redis.url")
        listening = try Listening(reader)
        workerID = reader.text("worker.id") ?? "worker-1"
        authentication = try AuthenticationSettings(reader)
        if !authentication.isOn, !listening.isLoopback {
            throw Invalid(
                "without authentication (FOOTFALL_AUTH=off) the API listens on a loopback address alone, not on "
                    + listening.host)
        }
    }

    private static func streamNetworks(_ text: String?) throws(Invalid) -> StreamNetworks {
        guard let text else { return .defaults }
        do throws(StreamNetworks.Malformed) { return try StreamNetworks(text) } catch {
            throw Invalid("the networks of streams (FOOTFALL_STREAM_NETWORKS) cannot be read: \(error)")
        }
    }

    private static func streamTrust(_ verification: String?, _ file: String?) throws(Invalid) -> StreamTrust {
        if let file, !FileManager.default.isReadableFile(atPath: file) {
            throw Invalid("the file of cameras' certificates (FOOTFALL_STREAM_CA_FILE), \(file), cannot be read")
        }
        do throws(StreamTrust.Malformed) { return try StreamTrust(verification: verification, file: file) } catch {
            throw Invalid(
                "whether cameras' certificates are verified (FOOTFALL_STREAM_TLS_VERIFY) is not clear: \(error)")
        }
    }

    /// Where the master keys lie by default: beside the embedded database, and nowhere for one that others use too.
    package var ownMasterKeyFile: String? {
        databaseURL == nil ? dataDirectory.appending(path: "master.key").path : nil
    }

    /// Where data of a system's service lies for root, and where a user's own lies for anyone else.
    private static func defaultDataDirectory(_ environment: [String: String]) -> String {
        if geteuid() == 0 { return "/var/lib/footfall" }
        let base = environment["XDG_DATA_HOME"] ?? (environment["HOME"] ?? ".") + "/.local/share"
        return base + "/footfall"
    }
}
