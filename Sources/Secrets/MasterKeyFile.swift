import Foundation

/// A file with master keys, one a line in base64; lines that begin with # are comments. The first key is the newest.
package struct MasterKeyFile: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package func read() throws(MasterKeyError) -> [MasterKey] {
        let keys = try MasterKeyring.parse(String(decoding: try content(), as: UTF8.self), from: path)
        guard !keys.isEmpty else { throw .noKey(path) }
        return keys
    }

    /// What the file holds, whose mode is that of the file that was opened.
    private func content() throws(MasterKeyError) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path) }
        // A group may read it where somebody has said so, as for a secret that is mounted for a container.
        guard status.st_mode & 0o037 == 0 else { throw .exposed(path: path) }
        guard let bytes = try? file.read(upToCount: Self.maximumBytes) else { throw .unreadable(path: path) }
        return bytes
    }

    private static let maximumBytes = 1 << 20

    /// Makes the file with a new key, mode 0600, unless it is there. Of several processes that do so at once one makes
    /// it, and all of them find it whole.
    package func makeIfMissing() throws(MasterKeyError) {
        if FileManager.default.fileExists(atPath: path) { return }
        let written = try write([MasterKey.random()])
        defer { unlink(written) }
        // A link, unlike a renamed file, never takes another's place.
        guard link(written, path) == 0 || errno == EEXIST else { throw failure("cannot be made") }
        syncFolder()
    }

    /// Puts these keys in place of those that the file holds, as a whole or not at all.
    package func replace(with keys: [MasterKey]) throws(MasterKeyError) {
        let written = try write(keys)
        guard rename(written, path) == 0 else {
            let error = failure("cannot be replaced")
            unlink(written)
            throw error
        }
        syncFolder()
    }

    /// A file beside this one that holds the keys and is on the disk.
    private func write(_ keys: [MasterKey]) throws(MasterKeyError) -> String {
        let text =
            "# Master keys of Footfall, the newest first. Who has them and the database can read its secrets;\n"
            + "# without them nobody can. Keep a copy apart from the database's backups.\n"
            + keys.map { $0.base64 + "\n" }.joined()
        let name = "\(path).\(UInt64.random(in: 0 ... .max))"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot be written beside") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            let error = failure("cannot be written")
            unlink(name)
            throw error
        }
        return name
    }

    private func syncFolder() {
        let descriptor = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
    }

    private func failure(_ what: String) -> MasterKeyError {
        .unwritable("the master key file \(path) \(what): \(String(cString: strerror(errno)))")
    }
}

/// Why there is no master key to work with. Never holds a key.
package enum MasterKeyError: Error, CustomStringConvertible {
    case missing
    case unreadable(path: String)
    /// Others than its owner and group can read it, or the group can write it.
    case exposed(path: String)
    case noKey(String)
    case malformed(source: String, line: Int)
    case unwritable(String)
    /// The database's keys are wrapped by master keys that were not given.
    case unknown(ids: [String])

    package var description: String {
        let making = "one is made with: (umask 077; head -c 32 /dev/urandom | base64 > FILE)"
        return switch self {
        case .missing:
            "there is no master key, without which no camera's secrets can be kept: set FOOTFALL_MASTER_KEY_FILE "
                + "(or FOOTFALL_MASTER_KEY), the same for all processes on this database; \(making)"
        case .unreadable(let path): "the master key file \(path) cannot be read; \(making)"
        case .exposed(let path):
            "the master key file \(path) can be read by others; see who did, chmod 600 it, and put everything under a new "
                + "key with footfallctl keys rotate"
        case .noKey(let source): "\(source) holds no master key; \(making)"
        case .malformed(let source, let line):
            "line \(line) of \(source) is no master key: a key is 32 bytes in base64; \(making)"
        case .unwritable(let text): text
        case .unknown(let ids):
            "the database's secrets are under master key \(ids.joined(separator: " and ")), which was not given: "
                + "add it to FOOTFALL_MASTER_KEY_FILE or FOOTFALL_MASTER_KEY"
        }
    }
}
