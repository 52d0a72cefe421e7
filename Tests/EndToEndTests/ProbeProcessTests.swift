import API
import EventSourcing
import Foundation
import NIOCore
import StreamSupport
import Testing

@testable import footfall

/// The server's looks at streams, by the program that it has for them.
@Suite(.timeLimit(.minutes(5))) struct ProbeProcessTests {
    private static let worker = Program.folder.appending(path: "footfall-worker")

    private func look(
        _ url: String, timeout: Int64 = 30_000, by executable: URL = worker
    ) async throws(StreamProber.Failure) -> JSON {
        try await ProbeProcess(executable: executable, arguments: ["--stream-networks", "127.0.0.1"]).prober.look([
            "stream_type": "rtsp", "stream_url": .string(url), "timeout_ms": .integer(timeout),
        ])
    }

    @Test func aStreamIsDescribed() async throws {
        try await RTSPCamera(clip: try await TransportStream.clip).run { port in
            let answer = try await look("rtsp://127.0.0.1:\(port)/live")
            #expect(answer["ok"] == true, "\(answer.text)")
            #expect(answer["codec"] == "mpeg2video")
            #expect(answer["width"] == 160)
            #expect(answer["fps"]?.number == 25)
        }
    }

    @Test func whyAStreamCannotBeOpenedIsSaid() async throws {
        let camera = RTSPCamera(
            clip: try await TransportStream.clip, access: .basic(user: "viewer", password: "right"))
        try await camera.run { port in
            let answer = try await look("rtsp://viewer:wrong@127.0.0.1:\(port)/live")
            #expect(answer["ok"] == false)
            #expect(answer["reason"] == "not_authorized", "\(answer.text)")
        }
        #expect(try await look("rtsp://127.0.0.2/live")["reason"] == "address_not_allowed")
    }

    @Test func aCameraThatSaysNothingRunsIntoTheTimeOut() async throws {
        try await ScriptedServer.run { _ in
            nil
        } _: { port in
            let answer = try await look("rtsp://127.0.0.1:\(port)/live", timeout: 500)
            #expect(answer["reason"] == "timed_out", "\(answer.text)")
        }
    }

    /// One that went on would give its answer after a minute.
    @Test func aLookThatNobodyWaitsForAnyMoreIsEnded() async throws {
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        let (closed, closing) = AsyncStream.makeStream(of: Void.self)
        try await StreamServer.run { requests, _ in
            defer { closing.yield() }
            opening.yield()
            for try await _ in requests {}
        } _: { port in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: StreamProber.Failure.failed) {
                        try await look("rtsp://127.0.0.1:\(port)/live", timeout: 60_000)
                    }
                }
                for await _ in opened { break }
                group.cancelAll()
            }
            for await _ in closed { break }
        }
    }

    @Test func aProgramThatGivesNoAnswerIsAFailure() async {
        await #expect(throws: StreamProber.Failure.failed) {
            try await look("rtsp://127.0.0.1/live", by: URL(filePath: "/bin/false"))
        }
        await #expect(throws: StreamProber.Failure.failed) {
            try await look("rtsp://127.0.0.1/live", by: URL(filePath: "/nonexistent"))
        }
    }
}
