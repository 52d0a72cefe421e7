import EventSourcing
import Foundation
import Transparency

/// The keys by which a log's checkpoints are signed, in a file that only its owner can read; outside the database, so
/// that anyone who has that cannot sign.
///
/// One signer a line (`NoteSigner.encoded`), all of one name, which is the log's origin. Each signs each checkpoint: so
/// a key is replaced by adding the new one, and taking the old one out once all who verify know the new one.
package enum CheckpointKeys {
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    private static let fileName = "checkpoint-keys"
    private static let maximumKeys = 8

    /// The keys of the installation with this data directory, made where there are none yet. Of several processes that
    /// make them at the same time, all get those of the one that was first.
    package static func make(in directory: URL) throws -> [NoteSigner] {
        let file = file(in: directory)
        if let signers = try read(file) { return signers }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // The origin tells logs apart, and says nothing else.
        let name = "footfall/" + UUID().uuidString.lowercased()
        guard let new = NoteSigner.make(name: name) else { throw Unusable(description: "\(name) is no name") }
        try PrivateFile.create(file, containing: Array((new.encoded + "\n").utf8))
        guard let signers = try read(file) else { throw Unusable(description: "\(file.path) went away") }
        return signers
    }

    /// The file of the installation with this data directory.
    package static func file(in directory: URL) -> URL { directory.appending(path: fileName) }

    /// Adds a new key as the last one of a file, which is made where it is not there.
    /// - Parameter name: the log's, and so that of the keys which are there already.
    /// - Throws: where another name is given, or one that cannot stand in a note, or there are 8 keys already.
    package static func add(_ name: String, to file: URL) throws {
        let signers = try read(file)
        guard let new = NoteSigner.make(name: name) else {
            throw Unusable(description: "\(name) is no name of a log: it is empty, or has a space or a + in it")
        }
        guard let signers else {
            try PrivateFile.create(file, containing: Array((new.encoded + "\n").utf8))
            return
        }
        guard signers[0].key.name == name else {
            throw Unusable(
                description: "the keys in \(file.path) are of the log \(signers[0].key.name), not of \(name)")
        }
        guard signers.count < maximumKeys else {
            throw Unusable(
                description: "\(file.path) has \(maximumKeys) keys; take out those that are of no use any more")
        }
        let text = (signers + [new]).map { $0.encoded + "\n" }.joined()
        try PrivateFile.replace(file, containing: Array(text.utf8))
    }

    /// - Returns: nil where there is no such file.
    package static func read(_ file: URL) throws -> [NoteSigner]? {
        guard let bytes = try PrivateFile.read(file) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        let signers = lines.compactMap { NoteSigner(encoded: $0) }
        guard !signers.isEmpty, signers.count == lines.count, signers.count <= maximumKeys,
            signers.allSatisfy({ $0.key.kind == .signature && $0.key.name == signers[0].key.name })
        else {
            throw Unusable(
                description: "\(file.path) has something else than 1 to \(maximumKeys) keys of one name, one a line")
        }
        return signers
    }
}
