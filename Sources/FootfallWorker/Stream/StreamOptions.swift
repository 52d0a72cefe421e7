import ArgumentParser
import Foundation
import StreamPolicy
import StructuredLogging

/// From where streams are opened.
struct StreamOptions: ParsableArguments {
    @Option(help: "The folder below which alone file streams are opened (FOOTFALL_FILE_STREAM_ROOT).")
    var fileStreamRoot: String?

    @Option(
        help:
            "The networks in which alone streams are opened, such as default,192.168.7.0/24 (FOOTFALL_STREAM_NETWORKS)."
    )
    var streamNetworks: String?

    @Option(
        help:
            "on or off: whether streams under TLS must show a certificate that is trusted (FOOTFALL_STREAM_TLS_VERIFY, on)."
    )
    var streamTlsVerify: String?

    @Option(
        help:
            "A PEM file with what is trusted beside the system's authorities: further ones, and cameras' own certificates (FOOTFALL_STREAM_CA_FILE)."
    )
    var streamCaFile: String?

    @Option(
        help:
            "The user as whom it goes on when it was started by root, for it reads what anybody may have made (FOOTFALL_WORKER_USER)."
    )
    var runAs: String?

    /// - Parameter files: what is read beside what streams take.
    func confinement(reading files: [String?] = [], memory: UInt64, oomScore: Int32) -> Confinement {
        let environment = ProcessInfo.processInfo.environment.withoutEmptySettings
        // Files that are replaced have another identity afterwards: it is their folder that may be read.
        let folders = (files + [streamCaFile ?? environment["FOOTFALL_STREAM_CA_FILE"]]).compactMap { file in
            file.map { URL(filePath: $0).deletingLastPathComponent().path }
        }
        return Confinement(
            user: runAs ?? environment["FOOTFALL_WORKER_USER"],
            readable: folders + [fileStreamRoot ?? environment["FOOTFALL_FILE_STREAM_ROOT"]].compactMap(\.self),
            memory: memory, oomScore: oomScore)
    }

    func door() throws -> StreamDoor {
        let environment = ProcessInfo.processInfo.environment.withoutEmptySettings
        let root = fileStreamRoot ?? environment["FOOTFALL_FILE_STREAM_ROOT"]
        var networks = StreamNetworks.defaults
        if let text = streamNetworks ?? environment["FOOTFALL_STREAM_NETWORKS"] {
            do throws(StreamNetworks.Malformed) { networks = try StreamNetworks(text) } catch {
                throw ValidationError("the networks of streams (FOOTFALL_STREAM_NETWORKS) cannot be read: \(error)")
            }
        }
        return StreamDoor(
            policy: StreamPolicy(networks: networks), fileRoot: root.map { FileRoot(path: $0) },
            tls: try tls(environment))
    }

    private func tls(_ environment: [String: String]) throws -> CameraTLS {
        let trust: StreamTrust
        do throws(StreamTrust.Malformed) {
            trust = try StreamTrust(
                verification: streamTlsVerify ?? environment["FOOTFALL_STREAM_TLS_VERIFY"],
                file: streamCaFile ?? environment["FOOTFALL_STREAM_CA_FILE"])
        } catch {
            throw ValidationError("whose certificates are trusted (FOOTFALL_STREAM_TLS_VERIFY) is not clear: \(error)")
        }
        do throws(CameraTLS.Unusable) { return try CameraTLS(trust) } catch {
            throw ValidationError("the file of trusted certificates (FOOTFALL_STREAM_CA_FILE) is of no use: \(error)")
        }
    }
}
