import Foundation

/// What the log told its writers, one line an answer, in a file that outlives them.
///
/// An answer is entered before its writer goes on: `write` has handed it to the kernel when it returns, so it survives
/// the writer's being killed.
package final class Ledger: Sendable {
    package enum Entry: Hashable, Sendable {
        /// The append with this id stands at these positions; the version is 0 where the log did not say.
        case acknowledged(id: String, positions: ClosedRange<Int64>, version: Int64)
        /// The append with this id was not written and never will be.
        case denied(id: String)
        /// The log broke its promise in front of the writer.
        case broken(String)
    }

    private let descriptor: Int32

    package init(path: String) { descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600) }

    deinit { close(descriptor) }

    package func enter(_ entry: Entry) {
        let line =
            switch entry {
            case .acknowledged(let id, let positions, let version):
                "acknowledged \(id) \(positions.lowerBound) \(positions.upperBound) \(version)\n"
            case .denied(let id): "denied \(id)\n"
            case .broken(let what): "broken \(what)\n"
            }
        let bytes = Array(line.utf8)
        precondition(write(descriptor, bytes, bytes.count) == bytes.count, "the ledger cannot be written")
    }

    /// All entries of a file, oldest first; none where there is no file.
    package static func entries(path: String) -> [Entry] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            switch (words[0], words.count) {
            case ("acknowledged", 5):
                guard let first = Int64(words[2]), let last = Int64(words[3]), let version = Int64(words[4]) else {
                    return .broken("an entry that cannot be read: \(line)")
                }
                return .acknowledged(id: words[1], positions: first...last, version: version)
            case ("denied", 2): return .denied(id: words[1])
            default: return .broken(String(line))
            }
        }
    }
}
