/// A text with signatures under it (c2sp.org/signed-note). What it says counts only once `verified` has found a
/// signature by a key that is trusted.
package struct SignedNote: Hashable, Sendable {
    /// Ends with a line's end.
    package let text: String
    package private(set) var signatures: [NoteSignature]

    /// The longest note that is read, in bytes, and the most signatures.
    package static let maximumBytes = 65_536
    private static let maximumSignatures = 100

    /// - Returns: nil where the text is not one that can be signed: it has to end with a line's end, and has no other
    ///   control characters.
    package init?(text: String, signatures: [NoteSignature] = []) {
        guard text.utf8.last == UInt8(ascii: "\n"), text.utf8.allSatisfy({ $0 >= 0x20 || $0 == UInt8(ascii: "\n") })
        else { return nil }
        self.text = text
        self.signatures = signatures
    }

    /// - Parameter note: a note as it is sent; nil where it is none.
    package init?(_ note: some Collection<UInt8>) {
        guard note.count <= Self.maximumBytes, let all = String(validating: note, as: UTF8.self),
            let end = all.utf8.lastRange(of: "\n\n")
        else { return nil }
        let lines = all[end.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 2, lines.count <= Self.maximumSignatures + 1, lines.last == "" else { return nil }
        var signatures: [NoteSignature] = []
        for line in lines.dropLast() {
            guard let signature = NoteSignature(line: line) else { return nil }
            signatures.append(signature)
        }
        self.init(text: String(all[..<all.utf8.index(after: end.lowerBound)]), signatures: signatures)
    }

    /// The note as it is sent.
    package var description: String { text + "\n" + signatures.map { $0.line + "\n" }.joined() }

    /// Adds a signature; one of the same key is replaced.
    package mutating func add(_ signature: NoteSignature) {
        signatures.removeAll { $0.name == signature.name && $0.keyID == signature.keyID }
        signatures.append(signature)
    }

    /// The keys among those that are trusted which have signed it.
    /// - Returns: none where a signature is by one of them and does not hold: then nothing of the note counts.
    package func verified(by keys: [NoteKey]) -> [NoteKey] {
        var found: [NoteKey] = []
        for key in keys {
            for signature in signatures where signature.name == key.name && signature.keyID == key.id {
                guard key.verifies(signature, of: text) else { return [] }
                if !found.contains(key) { found.append(key) }
            }
        }
        return found
    }
}

extension Collection where Element == UInt8, Self: BidirectionalCollection {
    fileprivate func lastRange(of text: StaticString) -> Range<Index>? {
        let wanted = text.withUTF8Buffer { Array($0) }
        var end = endIndex
        while let start = index(end, offsetBy: -wanted.count, limitedBy: startIndex) {
            if self[start..<end].elementsEqual(wanted) { return start..<end }
            end = index(before: end)
        }
        return nil
    }
}
