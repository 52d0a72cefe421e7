import ArgumentParser
import Foundation
import Settings
import StreamPolicy

/// From where streams are opened.
struct StreamOptions: ParsableArguments {
    @Option(\.streams.fileRoot) var fileStreamRoot: SettingFlag?
    @Option(\.streams.networks) var streamNetworks: SettingFlag?
    @Option(\.streams.verifiesTLS) var streamTLSVerify: SettingFlag?
    @Option(\.streams.caFile) var streamCAFile: SettingFlag?
    @Option(\.worker.user) var runAs: SettingFlag?
}

extension Confinement {
    /// - Parameter files: what is read beside what streams take.
    init(
        _ reader: inout SettingReader, reading files: [String?] = [], memory: UInt64, oomScore: Int32
    ) {
        // Files that are replaced have another identity afterwards: it is their folder that may be read.
        let folders = (files + [reader.value(\.streams.caFile)]).compactMap { file in
            file.map { URL(filePath: $0).deletingLastPathComponent().path }
        }
        self.init(
            user: reader.value(\.worker.user),
            readable: folders + [reader.value(\.streams.fileRoot)].compactMap(\.self), memory: memory,
            oomScore: oomScore)
    }
}

extension StreamDoor {
    /// As the settings say; the reader notes what is wrong.
    init(_ reader: inout SettingReader) {
        let trust = StreamTrust(&reader)
        var tls = CameraTLS.system
        do throws(CameraTLS.Unusable) { tls = try CameraTLS(trust) } catch {
            reader.fault("the file of trusted certificates (FOOTFALL_STREAM_CA_FILE) is of no use: \(error)")
        }
        self.init(
            policy: StreamPolicy(networks: reader.value(\.streams.networks)),
            fileRoot: reader.value(\.streams.fileRoot).map { FileRoot(path: $0) }, tls: tls)
    }
}
