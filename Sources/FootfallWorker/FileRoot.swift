import Foundation

/// The folder below which alone file streams are opened.
struct FileRoot: Sendable {
    struct Outside: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    /// The real path of a file that a `file://` address names, links and `..` resolved.
    /// Throws where it does not exist or lies elsewhere; the message names no path, which an operator may not know.
    func resolve(_ address: String) throws(Outside) -> String {
        guard let url = URL(string: address), url.isFileURL else {
            throw Outside(description: "the address is not file:///…")
        }
        guard let root = Self.realPath(path) else {
            throw Outside(description: "the folder of file streams does not exist")
        }
        guard let file = Self.realPath(url.path(percentEncoded: false)) else {
            throw Outside(description: "there is no such file")
        }
        guard file.hasPrefix(root == "/" ? root : root + "/") else {
            throw Outside(description: "the file lies outside the folder of file streams (FOOTFALL_FILE_STREAM_ROOT)")
        }
        return file
    }

    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
