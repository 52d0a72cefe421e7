import Foundation
import Installation
import Testing

/// What SECURITY.md says about settings, against the page that has them all.
@Suite struct SecurityDocumentTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    private func text(_ name: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: name), encoding: .utf8)
    }

    private func section(_ title: String, of text: String) throws -> Substring {
        let start = try #require(text.range(of: "\n## \(title)\n"))
        let rest = text[start.upperBound...]
        return rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
    }

    @Test func everySettingThatItNamesIsDocumented() throws {
        let security = try text("SECURITY.md")
        let names = Set(security.matches(of: /FOOTFALL_[A-Z_]+/).map { String($0.output) })
        let table = try text("docs/reference/configuration.md")
        #expect(names.count > 10)
        for name in names { #expect(table.contains("| `\(name)`") || table.contains(", `\(name)`"), "\(name)") }
    }

    /// How much is said where the setting is declared: here it would be forgotten when it changes.
    @Test func theLimitsAreNamedWithoutNumbers() throws {
        let limits = try section("Limits", of: try text("SECURITY.md"))
        #expect(limits.contains("FOOTFALL_RATE_LIMIT"))
        #expect(limits.firstMatch(of: /[0-9]/) == nil)
    }

    @Test func theReadmeLeadsThere() throws { #expect(try text("README.md").contains("(SECURITY.md)")) }
}
