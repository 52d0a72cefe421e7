import Foundation
import Testing

@testable import footfall_worker

@Suite struct FileRootTests {
    /// root/clip.avi, root/sub/, secret.avi beside root, and links from root to it and to itself.
    private func withRoot(_ body: (FileRoot, URL) throws -> Void) throws {
        let home = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            .resolvingSymlinksInPath()
        let root = home.appending(path: "root")
        try FileManager.default.createDirectory(at: root.appending(path: "sub"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }  // a folder in /tmp may stay
        for file in ["root/clip.avi", "root/with space.avi", "secret.avi", "rootless.avi"] {
            try Data().write(to: home.appending(path: file))
        }
        let links = ["out.avi": "../secret.avi", "in.avi": "clip.avi", "up": ".."]
        for (link, target) in links {
            try FileManager.default.createSymbolicLink(
                atPath: root.appending(path: link).path, withDestinationPath: target)
        }
        try body(FileRoot(path: root.path), root)
    }

    @Test(arguments: ["clip.avi", "in.avi", "sub/../clip.avi", "with%20space.avi", "%63lip.avi"])
    func aFileBelowTheFolderIsFound(_ name: String) throws {
        try withRoot { fileRoot, root in
            let file = try fileRoot.open("file://\(root.path)/\(name)")
            let real = try FileManager.default.destinationOfSymbolicLink(atPath: file.path)
            #expect(real.hasPrefix(root.path + "/"))
            #expect(!real.contains(".."))
        }
    }

    @Test(arguments: [
        "../secret.avi", "out.avi", "up/secret.avi", "sub/../../secret.avi", "%2e%2e/secret.avi", "..%2fsecret.avi",
        "../rootless.avi", "none.avi", "clip.avi%00.png",
    ])
    func aFileOutsideOfItIsRefused(_ name: String) throws {
        try withRoot { fileRoot, root in
            #expect(throws: FileRoot.Outside.self) { try fileRoot.open("file://\(root.path)/\(name)") }
        }
    }

    /// Anyone who may register cameras could else find out which files there are on the machine.
    @Test func whatLiesOutsideCannotBeToldFromWhatIsNotThere() throws {
        try withRoot { fileRoot, root in
            let said = Set(
                [
                    "none.avi", "../secret.avi", "../none.avi", "../../../../etc/passwd", "../../../../etc/none",
                    "out.avi",
                    "clip.avi/below", "../secret.avi/below", "up", "..",
                ].map { Self.refusal("file://\(root.path)/\($0)", fileRoot) })
            #expect(said.count == 1, "\(said)")
        }
    }

    private static func refusal(_ address: String, _ fileRoot: FileRoot) -> String? {
        do throws(FileRoot.Outside) {
            _ = try fileRoot.open(address)
            return nil
        } catch { return "\(error)" }
    }

    @Test(arguments: ["http://host/clip.avi", "concat:/etc/passwd", "/etc/passwd", "", "file:"])
    func anythingButAFilesAddressIsRefused(_ address: String) throws {
        try withRoot { fileRoot, _ in
            #expect(throws: FileRoot.Outside.self) { try fileRoot.open(address) }
        }
    }

    @Test func onlyRegularFilesAreOpened() throws {
        try withRoot { fileRoot, root in
            try #require(mkfifo(root.path + "/pipe.avi", 0o600) == 0)
            for name in ["pipe.avi", "sub"] {
                #expect(throws: FileRoot.Outside.self) { try fileRoot.open("file://\(root.path)/\(name)") }
            }
        }
    }

    @Test func anOpenFileIsTheOneThatWasChecked() throws {
        try withRoot { fileRoot, root in
            try Data("checked".utf8).write(to: root.appending(path: "clip.avi"))
            let file = try fileRoot.open("file://\(root.path)/clip.avi")
            try FileManager.default.removeItem(at: root.appending(path: "clip.avi"))
            try FileManager.default.createSymbolicLink(
                atPath: root.path + "/clip.avi", withDestinationPath: "../secret.avi")
            #expect(FileManager.default.contents(atPath: file.path) == Data("checked".utf8))
            #expect(throws: FileRoot.Outside.self) { try fileRoot.open("file://\(root.path)/clip.avi") }
        }
    }
}
