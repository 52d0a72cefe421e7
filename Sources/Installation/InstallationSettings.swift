import Counting
import Foundation
import Logging
import Settings
import StreamPolicy
import StructuredLogging

/// What the settings come to for programs that work on a database: `Settings` declares them and says what each is.
package struct InstallationSettings: Sendable {
    /// The embedded server's files; of no use with a database URL.
    package let dataDirectory: URL
    /// Whether the data directory was named, and is not the default.
    package let namesDataDirectory: Bool
    /// A libpq connection string; without one, the embedded server is used.
    package let databaseURL: String?
    package let model: String?
    package let fileStreamRoot: String?
    package let streamNetworks: StreamNetworks
    /// Which certificates of cameras are believed.
    package let streamTrust: StreamTrust
    /// The worker on this machine.
    package let workerID: WorkerID
    package let authentication: AuthenticationSettings
    package let masterKey: String?
    package let masterKeyFile: String?
    /// Of the keys that checkpoints are signed by.
    package let checkpointKeyFile: String?
    /// In how long an event is sealed.
    package let sealWithin: Duration
    package let logLevel: Logger.Level
    package let logFormat: LogFormat
    package let slowQuery: Duration
    package let clockTolerance: Duration
    package let sessions: Sessions
    package let listening: Listening

    /// - Throws: all that is wrong with any setting.
    package init(
        _ flags: [SettingFlag] = [], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(InvalidSettings) {
        var reader = SettingReader(flags, environment: environment)
        self.init(&reader, environment: environment)
        try reader.check()
    }

    /// As it can be read; the reader holds what is wrong.
    package init(_ reader: inout SettingReader, environment: [String: String]) {
        reader.checkAll()
        let named = reader.value(\.database.dataDirectory)
        namesDataDirectory = named != nil
        dataDirectory = URL(filePath: named ?? Self.defaultDataDirectory(environment))
        databaseURL = reader.value(\.database.url)
        model = reader.value(\.worker.model)
        fileStreamRoot = reader.value(\.streams.fileRoot)
        streamNetworks = reader.value(\.streams.networks)
        streamTrust = StreamTrust(&reader)
        masterKey = reader.value(\.secrets.masterKey)
        masterKeyFile = reader.value(\.secrets.masterKeyFile)
        checkpointKeyFile = reader.value(\.audit.keyFile)
        sealWithin = reader.value(\.audit.sealWithin)
        logLevel = reader.value(\.process.logLevel)
        logFormat = reader.value(\.process.logFormat)
        slowQuery = reader.value(\.database.slowQuery)
        clockTolerance = reader.value(\.limits.clockTolerance)
        sessions = Sessions(&reader)
        listening = Listening(&reader)
        workerID = reader.value(\.worker.id)
        authentication = AuthenticationSettings(&reader)
        if !authentication.isOn, !listening.isLoopback {
            reader.fault(
                "without authentication (FOOTFALL_AUTH=off) the API listens on a loopback address alone, not on "
                    + "\(listening.host) (FOOTFALL_HOST)")
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
