import Foundation

/// A page of `docs/reference` that is made of what the code says, and compared with it. `tools/generate` writes them.
package enum ReferencePage {
    package static let notice = "<!-- Written by tools/generate; a test compares it with the code. -->"

    /// Whether the page in the source tree has this text. Writes it first where `FOOTFALL_TEST_REFERENCE` is `write`.
    package static func holds(_ name: String, _ text: String) throws -> Bool {
        let page = root.appending(path: "docs/reference/\(name)")
        if ProcessInfo.processInfo.environment["FOOTFALL_TEST_REFERENCE"] == "write" {
            try text.write(to: page, atomically: true, encoding: .utf8)
        }
        return try String(contentsOf: page, encoding: .utf8) == text
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}
