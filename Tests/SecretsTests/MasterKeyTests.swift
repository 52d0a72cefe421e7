import Foundation
import Testing

@testable import Secrets

@Suite struct MasterKeyTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        try await body(folder.path)
    }

    @Test func theFileIsMadeOnFirstUseForItsOwnerAlone() async throws {
        try await withFolder { folder in
            let path = folder + "/master.key"
            let made = try MasterKeyring(text: nil, file: nil, fallback: path)
            #expect(made.all.count == 1)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try MasterKeyring(text: nil, file: nil, fallback: path).all.map(\.id) == made.all.map(\.id))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"])
        }
    }

    @Test func manyAtOnceFindTheSameKey() async throws {
        try await withFolder { folder in
            let path = folder + "/master.key"
            let ids = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<50 {
                    group.addTask { try MasterKeyring(text: nil, file: nil, fallback: path).all.first?.id }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"])
        }
    }

    @Test func aFileThatOthersCanReadIsRefused() async throws {
        try await withFolder { folder in
            let path = folder + "/master.key"
            _ = try MasterKeyring(text: nil, file: nil, fallback: path)
            for (mode, isRefused) in [
                (0o644, true), (0o604, true), (0o660, true), (0o602, true), (0o640, false), (0o400, false),
            ] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                let error = refusal(of: path)
                #expect((error != nil) == isRefused, "\(String(mode, radix: 8))")
                if let error { #expect("\(error)".contains("chmod 600")) }
            }
        }
    }

    private func refusal(of path: String) -> MasterKeyError? {
        do throws(MasterKeyError) {
            _ = try MasterKeyring(text: nil, file: path, fallback: nil)
            return nil
        } catch { return error }
    }

    @Test func keysComeFromTheEnvironmentNewestFirst() throws {
        let (new, old) = (MasterKey.random(), MasterKey.random())
        let keys = try MasterKeyring(text: "\(new.base64), \(old.base64)", file: "/nonexistent", fallback: nil)
        #expect(keys.all.map(\.id) == [new.id, old.id])
        #expect(keys[old.id]?.id == old.id)
        #expect(keys["0000000000000000"] == nil)
    }

    @Test(arguments: ["short", "AAAA", "", "# nothing"])
    func whatIsNoKeyIsRefusedWithoutBeingShown(_ text: String) {
        let error = #expect(throws: MasterKeyError.self) { try MasterKeyring(text: text, file: nil, fallback: nil) }
        #expect(error.map { "\($0)" }?.contains("base64") == true)
        if text == "short" { #expect(error.map { "\($0)" }?.contains(text) == false) }
    }

    @Test func withoutAnyItSaysWhatToSet() {
        let error = #expect(throws: MasterKeyError.self) { try MasterKeyring(text: nil, file: nil, fallback: nil) }
        #expect(error.map { "\($0)" }?.contains("FOOTFALL_MASTER_KEY_FILE") == true)
    }

    @Test func aKeyThatWasAddedToTheFileIsFound() async throws {
        try await withFolder { folder in
            let path = folder + "/master.key"
            let keys = try MasterKeyring(text: nil, file: nil, fallback: path)
            let added = MasterKey.random()
            try MasterKeyFile(path).replace(with: [added] + keys.all)
            #expect(keys[added.id]?.id == added.id)
            #expect(keys.all.count == 2)
        }
    }
}
