import Foundation
import Testing

/// SwiftPM lets a module import whatever was built before it, named as a dependency or not.
@Suite struct ImportTests {
    @Test func useCasesKnowNoHTTP() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/UseCases")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        #expect(files.count > 10)
        for file in files {
            let imports = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
                .filter { $0.hasPrefix("import ") }.map { String($0.dropFirst(7)) }
            let known = Set(imports).intersection(["API", "AsyncHTTPClient", "HTTPTypes", "Hummingbird", "NIOCore"])
            #expect(known.isEmpty, "\(file.lastPathComponent)")
        }
    }
}
