import Counting
import Synchronization

/// Remembers the own members of cameras as the read model showed them, so that the database need not write them out again
/// for each reader. What is remembered is used only where the read model is still at that version of the camera.
final class CameraDocumentCache: Sendable {
    /// What a camera's own members follow from. The number alone does not tell the versions of two histories of the log
    /// apart.
    struct Version: Equatable {
        let history: Int64
        /// Of the read model: another one may show the same events otherwise.
        let build: Int64
        let number: Int64
        /// It follows from heartbeats and the time as well, and moves no version.
        let status: String
        /// Microseconds since 1970, UTC.
        let updatedAt: Int64
    }

    private struct Contents {
        var documents: [CameraID: (version: Version, bytes: [UInt8])] = [:]
        var bytes = 0
    }

    /// Of all documents together; beyond it, all are forgotten.
    static let maximumBytes = 16 << 20

    private let contents = Mutex(Contents())

    /// Whether a version is remembered.
    func hasDocument(of id: CameraID) -> Bool { contents.withLock { $0.documents[id] != nil } }

    func document(of id: CameraID, _ version: Version) -> [UInt8]? {
        contents.withLock { contents in
            guard let document = contents.documents[id], document.version == version else { return nil }
            return document.bytes
        }
    }

    func keep(_ bytes: [UInt8], of id: CameraID, _ version: Version) {
        contents.withLock { contents in
            if let old = contents.documents.removeValue(forKey: id) { contents.bytes -= old.bytes.count }
            if contents.bytes + bytes.count > Self.maximumBytes { contents = Contents() }
            contents.documents[id] = (version, bytes)
            contents.bytes += bytes.count
        }
    }
}
