import Foundation

/// A signature under a note (c2sp.org/signed-note): whose, by which of their keys, and its bytes.
package struct NoteSignature: Hashable, Sendable {
    package let name: String
    /// The key's number, which finds it among those of one name; it proves nothing.
    package let keyID: UInt32
    /// What the algorithm of the key makes of the text.
    package let bytes: [UInt8]

    package init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// `— name base64`, without the end of the line.
    package var line: String {
        let id = withUnsafeBytes(of: keyID.bigEndian) { Array($0) }
        return "— \(name) \(Data(id + bytes).base64EncodedString())"
    }

    /// - Parameter line: without its end; nil where it is none.
    package init?(line: Substring) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "—", NoteKey.isName(String(parts[1])),
            let data = Data(base64Encoded: String(parts[2])), data.count > 4,
            data.base64EncodedString() == parts[2]
        else { return nil }
        self.init(
            name: String(parts[1]), keyID: data.prefix(4).reduce(0) { $0 << 8 | UInt32($1) },
            bytes: Array(data.dropFirst(4)))
    }
}
