import ArgumentParser
import Foundation

/// Writes all generated files; what is in a generated folder and made from nothing any more is deleted.
@main struct Generator: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generator", abstract: "Write the files that are made from the declarations in Sources.")

    @Argument(help: "The repository's root.") var root: String

    func run() throws {
        let root = URL(filePath: root, directoryHint: .isDirectory)
        let files = GeneratedFile.all
        for file in files { try file.write(below: root) }
        for (folder, ending) in GeneratedFile.folders {
            for name in try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path) {
                guard name.hasSuffix(".\(ending)"), !files.contains(where: { $0.path == "\(folder)/\(name)" }) else {
                    continue
                }
                try FileManager.default.removeItem(at: root.appending(path: "\(folder)/\(name)"))
            }
        }
        print("\(files.count) files are up to date")
    }
}
