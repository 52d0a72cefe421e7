import Foundation

/// How many events a log has, and the root of the tree over them: what is signed (c2sp.org/tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    /// Names the log: whose tree it is.
    package let origin: String
    package let size: Int64
    package let root: MerkleHash

    package init(origin: String, size: Int64, root: MerkleHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The text of the note.
    package var text: String { "\(origin)\n\(size)\n\(Data(root.bytes).base64EncodedString())\n" }

    /// - Parameter text: a note's; lines after the third are taken and mean nothing. Nil where it is no checkpoint.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", lines.dropLast().allSatisfy({ !$0.isEmpty }),
            let size = Int64(lines[1]), size >= 0, String(size) == lines[1],
            let data = Data(base64Encoded: String(lines[2])), data.base64EncodedString() == lines[2],
            let root = MerkleHash(data)
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
    }
}
