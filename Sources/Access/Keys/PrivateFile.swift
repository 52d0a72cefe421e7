import Foundation

/// A small file that only its owner can read, and one group where that is said.
package enum PrivateFile {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(_ action: String, _ path: String, _ code: Int32 = errno) {
            description = "\(action) \(path): \(String(cString: strerror(code)))"
        }

        init(_ description: String) { self.description = description }
    }

    package static let maximumBytes = 1 << 16

    /// - Returns: nil where there is no such file.
    /// - Throws: where others than its owner can read it, or it has `maximumBytes` or more.
    package static func read(_ file: URL, upTo maximumBytes: Int = maximumBytes) throws(Failure) -> [UInt8]? {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw Failure("cannot open", file.path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure("cannot look at", file.path) }
        if status.st_mode & 0o077 != 0 {
            throw Failure("\(file.path) can be read by others than its owner; see who did, and chmod 600 it")
        }
        var bytes = [UInt8](repeating: 0, count: maximumBytes)
        var length = 0
        while length < bytes.count {
            let count = bytes[length...].withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure("cannot read", file.path) }
            if count == 0 { return Array(bytes[..<length]) }
            length += count
        }
        throw Failure("\(file.path) is too large")
    }

    /// Makes the file, whole from the moment on at which it is there; one that is there already is left as it is.
    package static func create(_ file: URL, containing bytes: [UInt8]) throws(Failure) {
        let draft = try write(bytes, beside: file)
        defer { unlink(draft) }
        guard link(draft, file.path) == 0 || errno == EEXIST else { throw Failure("cannot make", file.path) }
    }

    /// Puts the file in place of the one that is there; anyone who reads gets the one or the other, whole.
    package static func replace(
        _ file: URL, containing bytes: [UInt8], readableBy group: gid_t? = nil
    ) throws(Failure) {
        let draft = try write(bytes, beside: file, readableBy: group)
        guard rename(draft, file.path) == 0 else {
            let code = errno
            unlink(draft)
            throw Failure("cannot make", file.path, code)
        }
    }

    /// Writes a file under a name that nobody else has, down to the disk.
    private static func write(
        _ bytes: [UInt8], beside file: URL, readableBy group: gid_t? = nil
    ) throws(Failure) -> String {
        let path = "\(file.path).\(UUID().uuidString)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("cannot make", path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                unlink(path)
                throw Failure("cannot write", path, code)
            }
            rest = rest.dropFirst(count)
        }
        if let group, fchown(descriptor, uid_t.max, group) != 0 || fchmod(descriptor, 0o640) != 0 {
            let code = errno
            unlink(path)
            throw Failure("cannot let its group read", path, code)
        }
        guard fsync(descriptor) == 0 else {
            let code = errno
            unlink(path)
            throw Failure("cannot write", path, code)
        }
        return path
    }
}
