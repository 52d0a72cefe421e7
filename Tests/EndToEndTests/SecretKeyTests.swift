import EventSourcing
import Foundation
import TestSupport
import Testing

/// Master keys as an operator has to do with them.
@Suite struct SecretKeyTests {
    private static let camera: JSON = [
        "name": "Door", "stream_url": "rtsp://u:marker-pass@10.0.0.5/s", "stream_type": "rtsp",
    ]

    @Test func keysAreMadeOnFirstUseAndRotatedUnderTheRunningServer() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder, ["--no-worker", "--log-level", "trace"])
            let file = folder.appending(path: "master.key")
            let first = try String(contentsOf: file, encoding: .utf8)
            #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
            #expect(try await footfall.post("/cameras", Self.camera).status == .created)

            let rotated = try await Program.run("footfallctl", ["keys", "rotate", "--data-dir", folder.path])
            #expect(rotated.code == 0, "\(rotated.output)")
            #expect(rotated.output.contains("1 camera keys are wrapped again"))
            let second = try String(contentsOf: file, encoding: .utf8)
            #expect(second != first)
            #expect(second.split(separator: "\n").count { !$0.hasPrefix("#") } == 1)

            // The server has the new key from the file, for what is there and for what comes.
            #expect(try await footfall.post("/cameras", Self.camera).status == .created)
            for camera in 1...2 { #expect(try await footfall.post("/cameras/\(camera)/start").status == .ok) }
            let items = try await footfall.asWorker().poll("/workers/worker-1/assignments") {
                $0["items"]?.array?.count == 2
            }
            #expect(
                items["items"]?.array?.allSatisfy { $0["stream_url"] == "rtsp://u:marker-pass@10.0.0.5/s" } == true)

            let listed = try await Program.run("footfallctl", ["keys", "list", "--data-dir", folder.path])
            #expect(listed.output.contains("current  2 camera keys"))
            #expect(listed.output.contains("old      0 camera keys"))
            let audit = try await Program.run("footfallctl", ["audit", "--data-dir", folder.path])
            #expect(audit.output.contains("CameraRegistered"))
            for output in [audit.output, listed.output, rotated.output, footfall.program.output] {
                #expect(!output.contains("marker-pass"))
                for text in [first, second] {
                    for key in text.split(separator: "\n") where !key.hasPrefix("#") { #expect(!output.contains(key)) }
                }
            }
            #expect(await footfall.stop() == 0)
        }
    }

    @Test func serveSaysAtOnceThatItNeedsAKeyOrTheRightOne() async throws {
        try await TestCluster.shared.withDatabase { target in
            let arguments = ["serve", "--port", "0", "--database-url", target.url]
            let off = ["FOOTFALL_AUTH": "off"]
            let without = try await Program.run("footfall", arguments, environment: off)
            #expect(without.code == 64)
            #expect(without.output.contains("FOOTFALL_MASTER_KEY_FILE"))

            let footfall = try await Footfall.serve(on: target.url)
            #expect(try await footfall.post("/cameras", Self.camera).status == .created)
            #expect(await footfall.stop() == 0)
            let other = String(repeating: "B", count: 42) + "A="
            let wrong = try await Program.run(
                "footfall", arguments, environment: off.merging(["FOOTFALL_MASTER_KEY": other]) { one, _ in one })
            #expect(wrong.code == 64)
            #expect(wrong.output.contains("which was not given"))
            #expect(!wrong.output.contains(other))
        }
    }
}
