import Access
import Foundation
import Testing
import Transparency

/// The file with the keys that checkpoints are signed by.
@Suite struct CheckpointKeysTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-keys-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in /tmp may stay
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try body(folder)
    }

    private static func signer(_ name: String, _ seed: UInt8) throws -> NoteSigner {
        try #require(NoteSigner(name: name, seed: Array(repeating: seed, count: 32)))
    }

    @Test func theyAreMadeOnceForTheirOwnerAndNamedByChance() throws {
        try withFolder { folder in
            let keys = try CheckpointKeys.make(in: folder).map(\.key)
            #expect(keys.count == 1)
            #expect(try CheckpointKeys.make(in: folder).map(\.key) == keys)
            let path = folder.appending(path: "checkpoint-keys").path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            try withFolder { other in
                let others = try CheckpointKeys.make(in: other)
                #expect(others[0].key.name != keys[0].name)
            }
        }
    }

    @Test func severalOfOneNameAreTaken() throws {
        try withFolder { folder in
            let signers = try [Self.signer("log", 1), Self.signer("log", 2)]
            let file = folder.appending(path: "keys")
            try PrivateFile.create(file, containing: Array(signers.map { $0.encoded + "\n" }.joined().utf8))
            #expect(try CheckpointKeys.read(file)?.map(\.key) == signers.map(\.key))
        }
    }

    @Test func keysAreAddedOneByOne() throws {
        try withFolder { folder in
            let file = folder.appending(path: "keys")
            for count in 1...8 {
                try CheckpointKeys.add("shop.example/log", to: file)
                let keys = try #require(try CheckpointKeys.read(file)).map(\.key)
                #expect(Set(keys.map(\.id)).count == count && keys.allSatisfy { $0.name == "shop.example/log" })
            }
            let before = try PrivateFile.read(file)
            #expect(throws: CheckpointKeys.Unusable.self) { try CheckpointKeys.add("shop.example/log", to: file) }
            #expect(throws: CheckpointKeys.Unusable.self) { try CheckpointKeys.add("other", to: file) }
            #expect(throws: CheckpointKeys.Unusable.self) { try CheckpointKeys.add("a b", to: file) }
            #expect(try PrivateFile.read(file) == before)
        }
    }

    @Test func anotherFileIsRefusedAndLeftAsItIs() throws {
        let one = try Self.signer("log", 1).encoded
        let texts = [
            "", "x", one + "\nx", one + "\n" + (try Self.signer("other", 2).encoded),
            try #require(NoteSigner(name: "log", kind: .cosignature, seed: Array(repeating: 1, count: 32))).encoded,
        ]
        for text in texts {
            try withFolder { folder in
                let file = folder.appending(path: "checkpoint-keys")
                try PrivateFile.create(file, containing: Array(text.utf8))
                let error = #expect(throws: CheckpointKeys.Unusable.self) { try CheckpointKeys.make(in: folder) }
                // It says where, and nothing of a key.
                #expect(error?.description.contains(file.path) == true)
                #expect(error?.description.contains("PRIVATE") == false)
                #expect(try PrivateFile.read(file) == Array(text.utf8))
            }
        }
    }
}
