import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Servers that go on running while their database fails over to a replica that lacks the end of the log.
@Suite(.timeLimit(.minutes(5))) struct FailoverTests {
    private static let settings = ["fsync": "off", "full_page_writes": "off"]

    /// Two servers on one address, behind which another cluster takes over.
    private struct Site {
        let cluster: TortureCluster
        let standby: Standby
        /// Where the servers connect to: a link to the folder of a socket.
        let address: URL
        let one: Footfall
        let two: Footfall

        func failOver() async throws {
            kill(try #require(cluster.postmaster), SIGKILL)
            try FileManager.default.removeItem(at: address)
            try FileManager.default.createSymbolicLink(at: address, withDestinationURL: standby.sockets)
            try await standby.promote()
        }

    }

    /// Asks again while the server says that its database is away, as it asks its clients to.
    private static func answer(_ ask: () async throws -> Footfall.Answer) async throws -> Footfall.Answer {
        while true {
            let answer = try await ask()
            if answer.status != .serviceUnavailable { return answer }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private static let live = "rtsp://10.0.0.5/live"

    private static func camera(_ name: String, _ url: String = live) -> JSON {
        [
            "name": .string(name), "stream_url": .string(url), "stream_type": "rtsp",
            "lines": [["name": "door", "from": [0.2, 0.3], "to": [0.2, 0.5], "inside": [0.1, 0.4]]],
            "settings": ["keep_frame_data": true],
        ]
    }

    private func withSite(_ body: @Sendable (Site) async throws -> Void) async throws {
        try await TortureCluster.with(settings: Self.settings) { cluster in
            let standby = try await Standby(of: cluster, settings: Self.settings)
            let address = cluster.folder.appending(path: "address")
            let primary = cluster.folder.appending(path: "run")
            try FileManager.default.createSymbolicLink(at: address, withDestinationURL: primary)
            let url = "host=\(address.path) user=footfall dbname=footfall"
            let site = Site(
                cluster: cluster, standby: standby, address: address, one: try await Footfall.serve(on: url),
                two: try await Footfall.serve(on: url))
            let camera = try await site.one.post("/cameras", Self.camera("Door"))
            try #require(camera.status == .created, "\(camera.body)")
            _ = try await site.one.get("/cameras/1?min_position=1")
            try await standby.cutOff(at: 1)
            try await body(site)
            #expect(await site.one.stop() == 0)
            #expect(await site.two.stop() == 0)
        }
    }

    @Test func noServerAnswersOrDecidesByAVersionThatWasLost() async throws {
        try await withSite { site in
            let lost = try await site.one.put(
                "/cameras/1", Self.camera("Lost", "rtsp://10.0.0.99/sub"), ifMatch: "\"1\"")
            try #require(lost.status == .ok, "\(lost.body)")
            // As the read model has it, so that it is remembered.
            _ = try await site.one.get("/cameras/1?min_position=2")
            try await site.failOver()

            let kept = try await Self.answer {
                try await site.two.put("/cameras/1", Self.camera("Kept"), ifMatch: "\"1\"")
            }
            #expect(kept.status == .ok, "\(kept.body)")
            #expect(kept.body["version"] == 2)
            for server in [site.one, site.two] {
                let shown = try await Self.answer { try await server.get("/cameras/1?min_position=2") }
                #expect(shown.body["name"] == "Kept")
                #expect(shown.body["version"] == 2)
                #expect(shown.body["stream_url"] == .string(Self.live))
            }
            // All that is confirmed is there.
            let put = try await Self.answer {
                try await site.one.put(
                    "/cameras/1", Self.camera("Moved", "rtsp://10.0.0.99/sub"), ifMatch: "\"2\"")
            }
            #expect(put.status == .ok, "\(put.body)")
            #expect(put.body["stream_url"] == "rtsp://10.0.0.99/sub")
            let version = try #require(put.body["version"]?.integer)
            for server in [site.one, site.two] {
                let shown = try await server.get("/cameras/1?min_position=\(version)")
                #expect(shown.body["stream_url"] == "rtsp://10.0.0.99/sub")
                #expect(shown.body["name"] == "Moved")
            }
        }
    }

    /// The server's first request after the failover is a command.
    @Test func aCommandThatWasDecidedOnWhatWasLostIsDecidedAgain() async throws {
        try await withSite { site in
            let lost = try await site.one.put(
                "/cameras/1", Self.camera("Lost", "rtsp://10.0.0.99/sub"), ifMatch: "\"1\"")
            try #require(lost.status == .ok, "\(lost.body)")
            try await site.failOver()
            _ = try await Self.answer { try await site.two.put("/cameras/1", Self.camera("Kept"), ifMatch: "\"1\"") }
            let put = try await Self.answer {
                try await site.one.put(
                    "/cameras/1", Self.camera("Moved", "rtsp://10.0.0.99/sub"), ifMatch: "\"2\"")
            }
            #expect(put.status == .ok, "\(put.body)")
            let shown = try await site.two.get("/cameras/1?min_position=\(put.body["version"]?.integer ?? 0)")
            #expect(shown.body["stream_url"] == "rtsp://10.0.0.99/sub")
        }
    }

    @Test func framesAreSealedUnderAKeyThatIsInTheDatabase() async throws {
        try await withSite { site in
            func reading(_ sequence: Int64) -> JSON {
                [
                    "source": "w", "sequence": .integer(sequence), "observed_at": "2026-03-29T12:00:00Z",
                    "line": "door", "class": "person", "count_in": 1, "count_out": 0, "frame_data": ["n": 7],
                ]
            }
            let lost = try await site.one.post("/cameras/1/counts", reading(1))
            try #require(lost.body["frame_data"] == "kept", "\(lost.body)")
            try await site.failOver()
            let sent = try await Self.answer { try await site.one.post("/cameras/1/counts", reading(2)) }
            #expect(sent.body["frame_data"] == "kept")
            let position = try #require(sent.body["results"]?.array?.first?["position"]?.integer, "\(sent.body)")
            for server in [site.one, site.two] {
                let frame = try await Self.answer { try await server.get("/cameras/1/frames/\(position)") }
                #expect(frame.status == .ok)
                #expect(frame.body["frame_data"]?["n"] == 7)
            }
        }
    }

    @Test func aCameraWhoseIdWasLostIsRegistered() async throws {
        try await withSite { site in
            let url = "rtsp://user:secret@10.0.0.7/live"
            let lost = try await site.one.post("/cameras", Self.camera("Lost", url))
            let id = try #require(lost.body["id"]?.integer, "\(lost.body)")
            try await site.failOver()
            // As where more ids were given than a sequence writes ahead.
            let connection = try await Connection.open(site.standby.server.target, logger: .silent)
            try await connection.query("select setval('camera_ids', $1, false)", [.integer(id)])
            connection.close()
            let made = try await Self.answer { try await site.one.post("/cameras", Self.camera("New", url)) }
            #expect(made.status == .created, "\(made.body)")
            #expect(made.body["id"] == .integer(id))
        }
    }

    /// The cluster's identifier and its timeline are the same as before, unlike after a failover.
    @Test func aClusterRestoredFromAnOlderCopyOfItsFilesIsAnotherHistory() async throws {
        try await TortureCluster.with(settings: Self.settings) { cluster in
            let url = "host=\(cluster.folder.appending(path: "run").path) user=footfall dbname=footfall"
            let server = try await Footfall.serve(on: url)
            let camera = try await server.post("/cameras", Self.camera("Door"))
            try #require(camera.status == .created, "\(camera.body)")
            let copy = cluster.folder.appending(path: "copy")
            try await cluster.restart(by: SIGINT) { try Self.copy(cluster.cluster, to: copy) }
            let lost = try await Self.answer {
                try await server.put("/cameras/1", Self.camera("Lost", "rtsp://10.0.0.99/sub"), ifMatch: "\"1\"")
            }
            try #require(lost.status == .ok, "\(lost.body)")
            _ = try await server.get("/cameras/1?min_position=2")
            try await cluster.restart(by: SIGKILL) {
                try FileManager.default.removeItem(at: cluster.cluster)
                try Self.copy(copy, to: cluster.cluster)
            }

            let shown = try await Self.answer { try await server.get("/cameras/1?min_position=1") }
            #expect(shown.body["name"] == "Door")
            #expect(shown.body["version"] == 1)
            let put = try await Self.answer {
                try await server.put("/cameras/1", Self.camera("Kept"), ifMatch: "\"1\"")
            }
            #expect(put.status == .ok, "\(put.body)")
            #expect(put.body["stream_url"] == .string(Self.live))
            let kept = try await server.get("/cameras/1?min_position=2")
            #expect(kept.body["name"] == "Kept")
            #expect(await server.stop() == 0)
        }
    }

    /// With owners and modes.
    private static func copy(_ folder: URL, to other: URL) throws {
        let copy = try Process.run(URL(filePath: "/bin/cp"), arguments: ["-a", folder.path, other.path])
        copy.waitUntilExit()
        try #require(copy.terminationStatus == 0)
    }
}
