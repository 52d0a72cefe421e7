import Counting
import Foundation

/// A file of the repository that is made from the declarations in `Sources`. It is committed, and a test compares it.
struct GeneratedFile: Sendable {
    /// From the repository's root.
    let path: String
    let contents: String

    /// All there are.
    static let all =
        EventType.allCases.map { type in
            GeneratedFile(
                path: "projections/_events/\(EventViewFile.name(of: type)).sql", contents: EventViewFile.text(type))
        } + [GeneratedFile(path: "docs/reference/events.md", contents: EventPage.text)]

    /// Folders in which every file of this ending is a generated one.
    static let folders = ["projections/_events": "sql"]

    func write(below root: URL) throws {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(contents.utf8).write(to: file)
    }
}
