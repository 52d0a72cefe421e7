import EventSourcing
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
}
