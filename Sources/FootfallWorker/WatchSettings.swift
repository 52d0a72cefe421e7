import Counting
import Foundation
import Logging
import Settings
import StructuredLogging

/// What the settings come to for a worker that watches cameras.
struct WatchSettings {
    let server: String
    let trust: ServerTrust
    let id: WorkerID
    let token: BearerToken?
    let model: String?
    let door: StreamDoor
    let logLevel: Logger.Level
    let logFormat: LogFormat

    /// - Parameter serverCertificate: that of a server on this machine.
    /// - Throws: all that is wrong with any of them.
    init(
        _ flags: [SettingFlag], _ serverCertificate: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(InvalidSettings) {
        var reader = SettingReader(flags, environment: environment)
        server = reader.value(\.worker.serverURL)
        let url = URL(string: server)
        if let url, ["http", "https"].contains(url.scheme), let host = url.host {
            // Its host is not compared with the certificate's: another machine could be anybody.
            if serverCertificate != nil, !ServerTrust.isOfThisMachine(host) {
                reader.fault(
                    "--server-certificate is for a server on this machine, which \(host) is not; the authority of one "
                        + "elsewhere goes into --server-ca-file (FOOTFALL_SERVER_CA_FILE)")
            }
        } else {
            reader.fault("the server's address (FOOTFALL_SERVER_URL) is \(server), not http://… or https://…")
        }
        trust = ServerTrust(authorities: reader.value(\.worker.serverCAFile), ownServer: serverCertificate)
        id = reader.value(\.worker.id)
        token =
            reader.value(\.worker.tokenFile).map { BearerToken.file($0) }
            ?? reader.value(\.worker.token).map { BearerToken.given($0) }
        model = reader.value(\.worker.model)
        door = StreamDoor(&reader)
        logLevel = reader.value(\.process.logLevel)
        logFormat = reader.value(\.process.logFormat)
        try reader.check()
    }
}
