import Foundation

/// What tells one state of a file from another.
struct FileVersion: Equatable {
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int

    init(of path: String) throws(Unreadable) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw Unreadable(description: "\(path): \(String(cString: strerror(errno)))")
        }
        inode = UInt64(status.st_ino)
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
}
