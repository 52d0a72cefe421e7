import EventSourcing
import Foundation
import TestSupport
import Testing
import Transparency

/// The keys that checkpoints are signed by, as an operator and an auditor have to do with them.
@Suite(.timeLimit(.minutes(5))) struct CheckpointKeyTests {
    @Test func aCheckpointOfTheServerIsVerifiedByTheKeyThatIsShown() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(
                in: folder, ["--no-worker"], environment: ["FOOTFALL_AUDIT_SEAL_WITHIN": "0.1"])
            let camera: JSON = ["name": "Door", "stream_url": "rtsp://10.0.0.5/s", "stream_type": "rtsp"]
            #expect(try await footfall.post("/cameras", camera).status == .created)
            _ = try await footfall.poll("/audit/1/proof") { $0["position"]?.integer == 1 }
            let text = try await footfall.text("/audit/checkpoint")
            #expect(await footfall.stop() == 0)

            let listed = try await Program.run("footfallctl", ["audit", "keys", "--data-dir", folder.path])
            #expect(listed.code == 0, "\(listed.output)")
            let key = try #require(NoteKey(encoded: listed.output.trimmingCharacters(in: .newlines)))
            let note = try #require(SignedNote(Array(text.utf8)), "\(text)")
            #expect(note.verified(by: [key]) == [key])
            #expect(Checkpoint(text: note.text)?.origin == key.name)

            let file = folder.appending(path: "checkpoint.txt")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let verified = try await Program.run(
                "footfallctl", ["verify", "--data-dir", folder.path, "--checkpoint", file.path])
            #expect(verified.code == 0, "\(verified.output)")
        }
    }

    @Test func aKeyIsAddedToTheFileThatTheSettingNames() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "keys")
            func keys(_ arguments: String...) async throws -> (code: Int32, output: String) {
                let result = try await Program.run(
                    "footfallctl", ["audit", "keys"] + arguments, environment: ["FOOTFALL_AUDIT_KEY_FILE": file.path])
                return (result.code, result.output)
            }
            #expect(try await keys().code != 0)
            let first = try await keys("--add", "shop.example/log")
            let second = try await keys("--add", "shop.example/log")
            #expect(first.code == 0 && second.code == 0, "\(first.output) \(second.output)")
            #expect(second.output.hasPrefix(first.output))
            #expect(second.output.split(separator: "\n").compactMap { NoteKey(encoded: String($0))?.name }.count == 2)
            #expect(try await keys("--add", "other").code != 0)
            #expect(try await keys().output == second.output)
        }
    }
}
