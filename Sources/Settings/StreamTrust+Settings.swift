import Foundation
import StreamPolicy

extension StreamTrust {
    /// As the settings say; the reader notes what is wrong.
    package init(_ reader: inout SettingReader) {
        let file = reader.value(\.streams.caFile)
        if let file, !FileManager.default.isReadableFile(atPath: file) {
            reader.fault("the file of cameras' certificates (FOOTFALL_STREAM_CA_FILE), \(file), cannot be read")
        }
        do throws(Malformed) {
            self = try StreamTrust(verifies: reader.value(\.streams.verifiesTLS), file: file)
        } catch {
            reader.fault("FOOTFALL_STREAM_TLS_VERIFY is off, and FOOTFALL_STREAM_CA_FILE is given: \(error)")
            self = .system
        }
    }
}
