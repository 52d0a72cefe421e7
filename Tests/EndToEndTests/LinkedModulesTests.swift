import Foundation
import Testing

/// What the programs are linked from. The package says it too, but SwiftPM also links what a dependency of a dependency
/// brings in.
@Suite struct LinkedModulesTests {
    @Test func footfallctlLinksNoHTTPServer() throws {
        // The server is searched as well, so that the search is known to find something.
        #expect(try links("footfall", "Hummingbird"))
        #expect(try !links("footfallctl", "Hummingbird"))
        #expect(try !links("footfallctl", "API"))
        #expect(try links("footfallctl", "UseCases"))
    }

    /// Whether the program holds a symbol of that Swift module.
    private func links(_ program: String, _ module: String) throws -> Bool {
        let file = try Data(contentsOf: Program.folder.appending(path: program), options: .alwaysMapped)
        return file.range(of: Data("$s\(module.utf8.count)\(module)".utf8)) != nil
    }
}
