import Foundation

/// The folder below which alone file streams are opened.
struct FileRoot: Sendable {
    struct Outside: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    /// Opens the file that a `file://` address names, links and `..` resolved.
    ///
    /// What was checked is what is open, whatever happens to names meanwhile: the real path is gone down from the folder
    /// step by step, and a step that has become a link is refused.
    ///
    /// Throws where it does not exist, lies elsewhere, or is no regular file; the message names no path, which an operator
    /// may not know, and says the same of what lies elsewhere as of what is not there.
    func open(_ address: String) throws(Outside) -> OpenFile {
        guard let url = URL(string: address), url.isFileURL else {
            throw Outside(description: "the address is not file:///…")
        }
        guard let root = Self.realPath(path) else {
            throw Outside(description: "the folder of file streams does not exist")
        }
        let folder = root == "/" ? root : root + "/"
        guard let file = Self.realPath(url.path(percentEncoded: false)), file.hasPrefix(folder),
            let open = OpenFile(folder: root, steps: file.dropFirst(folder.count).split(separator: "/"))
        else { throw Outside(description: Self.notThere) }
        guard open.isRegular else { throw Outside(description: "what is there is no regular file") }
        return open
    }

    private static let notThere = """
        there is no such file that can be opened below the folder of file streams (FOOTFALL_FILE_STREAM_ROOT)
        """

    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

/// A file open for reading, until the last reference goes.
final class OpenFile: Sendable {
    private let descriptor: Int32

    /// - Parameter steps: from the folder down, none of them a link.
    fileprivate init?(folder: String, steps: [Substring]) {
        // Not blocking: to open a pipe would wait for a writer.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        var current = Glibc.open(folder, flags | O_DIRECTORY)
        for (index, step) in steps.enumerated() where current >= 0 {
            let next = openat(current, String(step), index == steps.count - 1 ? flags : flags | O_DIRECTORY)
            close(current)
            current = next
        }
        guard current >= 0 else { return nil }
        descriptor = current
    }

    deinit {
        close(descriptor)
    }

    /// The file itself, under a name that nobody can lead elsewhere.
    var path: String { "/proc/self/fd/\(descriptor)" }

    fileprivate var isRegular: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}
