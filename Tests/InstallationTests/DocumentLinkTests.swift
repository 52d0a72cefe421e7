import Foundation
import Installation
import Testing

/// Pages refer to each other: by files that are there, and headings that they have.
@Suite struct DocumentLinkTests {
    /// The Markdown pages of the source, below folders that hold no other project's.
    private static func pages(in root: URL) throws -> [URL] {
        let own = ["docs", "projections", "openapi", "Sources", "tools"].map { root.appending(path: $0) }
        let below = own.flatMap { folder in
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        }
        let beside = try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)
        return (beside + below).filter { $0.pathExtension == "md" }
    }

    /// What stands outside of transcripts and code.
    private static func prose(_ page: URL) throws -> String {
        try String(contentsOf: page, encoding: .utf8)
            .replacing(/(?s)```.*?```/, with: "").replacing(/`[^`\n]*`/, with: "")
    }

    /// As GitHub makes them of headings.
    private static func anchors(of page: URL) throws -> Set<String> {
        let headings = try String(contentsOf: page, encoding: .utf8).replacing(/(?s)```.*?```/, with: "")
            .matches(of: /(?m)^#+ (.*)$/)
        return Set(
            headings.map { heading in
                heading.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .replacing(" ", with: "-")
            })
    }

    @Test func everyLinkLeadsSomewhere() throws {
        let root = try ReleaseFiles.locate().root
        let pages = try Self.pages(in: root)
        #expect(pages.contains { $0.lastPathComponent == "README.md" })
        for page in pages {
            for link in try Self.prose(page).matches(of: /\]\(([^)\s]+)\)/) where !link.1.contains(":") {
                let parts = link.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let target =
                    parts[0].isEmpty
                    ? page : page.deletingLastPathComponent().appending(path: parts[0]).standardizedFileURL
                let label: Comment = "\(page.lastPathComponent): \(link.1)"
                #expect(FileManager.default.fileExists(atPath: target.path), label)
                if parts.count == 2, target.pathExtension == "md" {
                    #expect(try Self.anchors(of: target).contains(String(parts[1])), label)
                }
            }
        }
    }
}
