import Foundation
import Synchronization

/// The master keys that this process was given. All of them unwrap; which one wraps is written in the database, so that
/// all processes agree.
package final class MasterKeyring: Sendable {
    /// The file that they came from; nil where they came from the environment.
    package let file: MasterKeyFile?
    private let keys: Mutex<[MasterKey]>

    /// - Parameters:
    ///   - text: `FOOTFALL_MASTER_KEY`: keys in base64, separated by commas, the newest first.
    ///   - file: `FOOTFALL_MASTER_KEY_FILE`.
    ///   - fallback: a file for where neither is given, made on first use.
    package init(text: String?, file: String?, fallback: String?) throws(MasterKeyError) {
        if let text {
            let given = try Self.parse(text.replacing(",", with: "\n"), from: "FOOTFALL_MASTER_KEY")
            guard !given.isEmpty else { throw .noKey("FOOTFALL_MASTER_KEY") }
            self.file = nil
            keys = Mutex(given)
        } else if let path = file ?? fallback {
            let file = MasterKeyFile(path)
            if path == fallback { try file.makeIfMissing() }
            self.file = file
            keys = Mutex(try file.read())
        } else {
            throw .missing
        }
    }

    /// A key of this process alone, for tests and trials.
    package init(_ key: MasterKey) {
        file = nil
        keys = Mutex([key])
    }

    static func parse(_ text: String, from source: String) throws(MasterKeyError) -> [MasterKey] {
        var keys: [MasterKey] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let word = line.filter { !$0.isWhitespace }
            if word.isEmpty || word.hasPrefix("#") { continue }
            guard let key = MasterKey(base64: word) else { throw .malformed(source: source, line: index + 1) }
            keys.append(key)
        }
        return keys
    }

    /// The newest first.
    package var all: [MasterKey] { keys.withLock(\.self) }

    /// The key with this id. The file is read again where it is not among those known: it may have been added since.
    package subscript(id: String) -> MasterKey? {
        if let key = all.first(where: { $0.id == id }) { return key }
        reload()
        return all.first { $0.id == id }
    }

    /// Takes the keys that the file holds now; a file that cannot be read changes nothing.
    package func reload() {
        guard let file, let read = try? file.read() else { return }
        keys.withLock { $0 = read }
    }
}
