import Foundation
import Installation
import Testing

@testable import generator

/// What is made from declarations in the sources and committed is what would be made today.
@Suite struct GeneratedFileTests {
    @Test(arguments: GeneratedFile.all.map(\.path)) func fileIsUpToDate(_ path: String) throws {
        let file = try #require(GeneratedFile.all.first { $0.path == path })
        let present = try String(contentsOf: ReleaseFiles.locate().root.appending(path: path), encoding: .utf8)
        #expect(present == file.contents, "tools/generate writes it again")
    }

    @Test func nothingElseIsInAFolderOfGeneratedFiles() throws {
        for (folder, ending) in GeneratedFile.folders {
            let names = try FileManager.default.contentsOfDirectory(
                atPath: ReleaseFiles.locate().root.appending(path: folder).path)
            let made = GeneratedFile.all.filter { $0.path.hasPrefix("\(folder)/") }.map(\.path)
            #expect(Set(names.map { "\(folder)/\($0)" }) == Set(made))
            #expect(made.allSatisfy { $0.hasSuffix(".\(ending)") })
        }
    }
}
