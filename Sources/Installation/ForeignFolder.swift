import Foundation

/// A folder that belongs to another user than this process, who may put anything there at any time: links to files of
/// others, pipes that never end.
///
/// Files are read by descriptors that lead nowhere else, and only regular ones that belong to the folder's owner. Nothing
/// is written: that is for the owner to do (`ServerAccount.write`).
struct ForeignFolder {
    let path: String
    let owner: uid_t

    /// What a file holds; nil where there is none that may be read.
    /// - Parameter maximum: how many bytes are read at most: the last ones.
    func read(_ name: String, maximum: Int = 64 << 10) -> [UInt8]? {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == owner else { return nil }
        let size = Int(status.st_size)
        let count = min(size, maximum)
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
            read = max(0, pread(file, buffer.baseAddress, count, off_t(size - count)))
        }
        return bytes
    }

    func text(_ name: String, maximum: Int = 64 << 10) -> String? {
        read(name, maximum: maximum).map { String(decoding: $0, as: UTF8.self) }
    }
}
