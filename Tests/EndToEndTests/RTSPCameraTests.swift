import EventSourcing
import Foundation
import StreamSupport
import Testing

/// A camera that speaks RTSP, from its registration to its pictures.
@Suite(.timeLimit(.minutes(5))) struct RTSPCameraTests {
    @Test func aCameraOnTheNetworkIsTestedAndWatched() async throws {
        let camera = RTSPCamera(
            clip: try await TransportStream.clip, access: .digest(user: "viewer", password: "kept-secret"))
        try await camera.run { port in
            try await withFolder { folder in
                let footfall = try await Footfall.up(in: folder, ["--stream-networks", "127.0.0.1"])
                let url = "rtsp://viewer:kept-secret@127.0.0.1:\(port)/live"
                let registered = try await footfall.post(
                    "/cameras", ["name": "Gate", "stream_url": .string(url), "stream_type": "rtsp"])
                #expect(registered.status == .created, "\(registered.body.text)")

                let tested = try await footfall.post("/cameras/1/test-connection", ["timeout_ms": 30_000])
                #expect(tested.status == .ok)
                #expect(tested.body["ok"] == true, "\(tested.body.text)")
                #expect(tested.body["codec"] == "mpeg2video")
                #expect(tested.body["width"] == 160)
                #expect(tested.body["height"] == 120)
                #expect(tested.body["fps"]?.number == 25)

                _ = try await footfall.post("/cameras/1/start")
                try await footfall.poll("/cameras/1") { $0["status"] == "online" }
                // As the worker itself measures it, from one heartbeat to the next.
                try await footfall.poll("/cameras/1/stream-info") { ($0["worker"]?["fps"]?.number ?? 0) > 0 }
                #expect(await footfall.stop() == 0)
                #expect(!footfall.program.output.contains("kept-secret"))
            }
        }
    }

    /// Only people end maintenance: the worker, which ends its run because of it, leaves it as it is.
    @Test func maintenanceLastsThoughTheWorkerEndsItsRun() async throws {
        let camera = RTSPCamera(clip: try await TransportStream.clip)
        try await camera.run { port in
            try await withFolder { folder in
                let footfall = try await Footfall.up(in: folder, ["--stream-networks", "127.0.0.1"])
                let url = "rtsp://127.0.0.1:\(port)/live"
                _ = try await footfall.post(
                    "/cameras", ["name": "Gate", "stream_url": .string(url), "stream_type": "rtsp"])
                _ = try await footfall.post("/cameras/1/start")
                try await footfall.poll("/cameras/1") { $0["status"] == "online" }
                let set = try await footfall.patch("/cameras/1/status", ["status": "maintenance"])
                #expect(set.body["status"] == "maintenance")
                #expect(set.body["desired_state"] == "stopped")
                // The run says so at its end, before it sets the status.
                try await footfall.poll("/audit?type=HeartbeatRecorded&limit=1000") { trail in
                    trail["items"]?.array?.contains { $0["data"]?["status"] == "offline" } == true
                }
                #expect(try await footfall.post("/cameras/1/start").status == .conflict)
                // The worker is stopped first, and waited for.
                #expect(await footfall.stop() == 0)
                let history = try await Program.run(
                    "footfallctl", ["audit", "--json", "--camera", "1", "--data-dir", folder.path])
                let events = try history.output.split(separator: "\n").map { try JSON.parse($0.utf8) }
                let changes = events.filter { $0["type"] == "CameraStatusChanged" }
                #expect(changes.last?["data"]?["to"] == "maintenance", "\(history.output)")
            }
        }
    }

    @Test func aCameraUnderTLSIsTrustedWhereItsCertificateIsInTheFile() async throws {
        let identity = try TestAuthority.selfSigned(for: .name("IPC"))
        let camera = RTSPCamera(clip: try await TransportStream.clip)
        try await camera.run(tls: try identity.serverContext()) { port in
            try await withFolder { folder in
                let file = folder.appending(path: "cameras.pem")
                for (certificate, reason) in [
                    (try TestAuthority.selfSigned(for: .name("IPC")).certificate, "certificate_not_trusted"),
                    (identity.certificate, nil),
                ] {
                    try Data(certificate.utf8).write(to: file)
                    let footfall = try await Footfall.up(
                        in: folder, ["--stream-networks", "127.0.0.1", "--stream-ca-file", file.path, "--no-worker"])
                    _ = try await footfall.post(
                        "/cameras",
                        ["name": "Gate", "stream_url": .string("rtsps://127.0.0.1:\(port)/l"), "stream_type": "rtsp"])
                    let tested = try await footfall.post("/cameras/1/test-connection", ["timeout_ms": 30_000])
                    #expect(tested.body["ok"]?.bool == (reason == nil), "\(tested.body.text)")
                    #expect(tested.body["reason"]?.string == reason)
                    #expect(await footfall.stop() == 0)
                }
            }
        }
    }

    @Test(arguments: [
        ["--stream-tls-verify", "maybe"], ["--stream-ca-file", "/nonexistent.pem"],
        ["--stream-tls-verify", "off", "--stream-ca-file", "/etc/hosts"],
    ])
    func whomToTrustMustBeClear(_ arguments: [String]) async throws {
        try await withFolder { folder in
            for (program, command) in [("footfall", ["up", "--data-dir", folder.path]), ("footfall-worker", [])] {
                let (code, output) = try await Program.run(program, command + arguments)
                #expect(code == 64, "\(output)")
                #expect(output.contains("FOOTFALL_STREAM_"), "\(output)")
            }
        }
    }
}
