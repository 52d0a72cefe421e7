import EventSourcing
import Foundation
import NIOCore
import StreamSupport
import Testing
import UseCases

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

    /// What `/proc` tells of a process of this test's, which is a child of this one.
    private func facts(ofChildWith argument: String) throws -> (status: [String: String], environment: String)? {
        let own = "PPid:\t\(getpid())\n"
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(name) != nil {
            // Any of them may have ended.
            guard let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8),
                status.contains(own),
                let arguments = try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8),
                arguments.contains(argument),
                let environment = try? String(contentsOfFile: "/proc/\(name)/environ", encoding: .utf8)
            else { continue }
            let lines = status.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
            let members = lines.filter { $0.count == 2 }.map { ($0[0], $0[1].trimmingCharacters(in: .whitespaces)) }
            return (Dictionary(members) { first, _ in first }, environment)
        }
        return nil
    }

    /// As root the tests look at what it gave up; other users may not look into it.
    @Test(.enabled(if: geteuid() == 0)) func itKeepsNoRightsAndKnowsNoKeys() async throws {
        setenv("PGPASSFILE", "/nonexistent/secret", 1)  // of the names that are withheld one that harms no other test
        let (opened, opening) = AsyncStream.makeStream(of: Void.self)
        try await StreamServer.run { requests, _ in
            opening.yield()
            for try await _ in requests {}
        } _: { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let mark = "127.0.0.1,203.0.113.\(port % 250)/32"
                group.addTask {
                    let probe = ProbeProcess(executable: Self.worker, arguments: ["--stream-networks", mark])
                    _ = try? await probe.prober.look([
                        "stream_type": "rtsp", "stream_url": .string("rtsp://127.0.0.1:\(port)/live"),
                        "timeout_ms": 60_000,
                    ])
                }
                for await _ in opened { break }
                let (status, environment) = try #require(try facts(ofChildWith: mark))
                #expect(status["Uid"]?.hasPrefix("0\t") == false, "\(status["Uid"] ?? "")")
                #expect(status["Groups"] == "")
                #expect(status["CapEff"] == "0000000000000000")
                #expect(status["NoNewPrivs"] == "1")
                #expect(status["Seccomp"] == "2")
                #expect(environment.contains("PATH="))
                #expect(!environment.contains("PGPASSFILE"))
                group.cancelAll()
            }
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
