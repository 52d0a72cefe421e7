import ArgumentParser
import Foundation
import StreamPolicy

/// From where streams are opened.
struct StreamOptions: ParsableArguments {
    @Option(help: "The folder below which alone file streams are opened (FOOTFALL_FILE_STREAM_ROOT).")
    var fileStreamRoot: String?

    @Option(
        help:
            "The networks in which alone streams are opened, such as default,192.168.7.0/24 (FOOTFALL_STREAM_NETWORKS)."
    )
    var streamNetworks: String?

    func door() throws -> StreamDoor {
        let environment = ProcessInfo.processInfo.environment
        let root = fileStreamRoot ?? environment["FOOTFALL_FILE_STREAM_ROOT"]
        var networks = StreamNetworks.defaults
        if let text = streamNetworks ?? environment["FOOTFALL_STREAM_NETWORKS"] {
            do throws(StreamNetworks.Malformed) { networks = try StreamNetworks(text) } catch {
                throw ValidationError("the networks of streams (FOOTFALL_STREAM_NETWORKS) cannot be read: \(error)")
            }
        }
        return StreamDoor(policy: StreamPolicy(networks: networks), fileRoot: root.map { FileRoot(path: $0) })
    }
}
