import Release
import Testing

@Suite struct ReleaseOrderTests {
    /// The example of Semantic Versioning 2.0.0, item 11, and numbers of two digits.
    private static let rising = [
        "0.1.0-dev", "0.1.0", "0.2.0-dev", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
        "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "2.0.0",
    ]

    @Test func versionsAreOrderedByPrecedence() {
        for (i, one) in Self.rising.enumerated() {
            for (j, other) in Self.rising.enumerated() {
                #expect(Release.isLater(one, than: other) == (i > j), "\(one) and \(other)")
            }
        }
    }

    @Test func whatABuildIsNamedDoesNotCount() {
        #expect(!Release.isLater("1.0.0+2", than: "1.0.0+1"))
    }
}
