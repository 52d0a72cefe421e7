import Foundation
import Installation
import Testing

/// One name for one thing: a type that two modules name alike is taken for the other one where both are imported.
@Suite struct TypeNameTests {
    @Test func noTwoModulesNameATypeAlike() throws {
        let sources = try ReleaseFiles.locate().root.appending(path: "Sources")
        let types =
            /^(?:(?:package|public|final|nonisolated|indirect|@\w+) )*(?:struct|enum|class|actor|protocol|typealias) (\w+)/
            .anchorsMatchLineEndings()
        var modules: [String: Set<String>] = [:]
        for module in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
            let files = FileManager.default.enumerator(
                at: sources.appending(path: module), includingPropertiesForKeys: nil)
            for case let file as URL in try #require(files) where file.pathExtension == "swift" {
                for type in try String(contentsOf: file, encoding: .utf8).matches(of: types) {
                    modules[String(type.1), default: []].insert(module)
                }
            }
        }
        #expect(modules["StreamPolicy"] == ["StreamPolicy"] && modules.count > 500)
        for (type, modules) in modules where modules.count > 1 {
            Issue.record("\(type) is a type of \(modules.sorted().formatted())")
        }
    }
}
