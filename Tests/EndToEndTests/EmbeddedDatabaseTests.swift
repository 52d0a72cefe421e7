import EventSourcing
import Foundation
import Testing

/// The embedded database ends under a server that runs: what was acknowledged is there once, and the server goes on.
@Suite(.timeLimit(.minutes(10))) struct EmbeddedDatabaseTests {
    private static let camera: JSON = [
        "name": "Door", "stream_url": "rtsp://10.0.0.1/x", "stream_type": "rtsp",
        "lines": [["name": "door", "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]]],
    ]

    private func register(with footfall: Footfall) async throws {
        let answer = try await footfall.post("/cameras", Self.camera)
        try #require(answer.status == .created, "\(answer.body)")
    }

    private func postmaster(in folder: URL) -> pid_t? {
        (try? String(contentsOf: folder.appending(path: "postgres/postmaster.pid"), encoding: .utf8))?
            .split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// A batch of readings; the same under the same number.
    private func batch(_ number: Int64, of count: Int64) -> JSON {
        [
            "source": "device",
            "readings": .array(
                (1...count).map { index in
                    [
                        "sequence": .integer((number - 1) * count + index), "observed_at": "2026-03-29T10:00:00Z",
                        "line": "door", "class": "person", "count_in": 1, "count_out": 0,
                    ]
                }),
        ]
    }

    /// Sends it until it is acknowledged, as a device does; how often it was refused.
    private func send(_ batch: JSON, to footfall: Footfall) async throws -> Int {
        var refusals = 0
        while true {
            let answer = try await footfall.post("/cameras/1/counts", batch)
            if answer.status == .created || answer.status == .ok { return refusals }
            try #require(answer.status == .serviceUnavailable, "\(answer.body)")
            #expect(try await footfall.get("/health/live").status == .ok)
            refusals += 1
            try Task.checkCancellation()
        }
    }

    private func expect(_ footfall: Footfall, toHaveCounted total: Int64) async throws {
        let list = try await footfall.poll("/projections") { list in
            list["items"]?.array?.allSatisfy { $0["active"]?["lag"] == 0 } == true
        }
        #expect(list["items"]?.array?.isEmpty == false)
        let day = "from=2026-03-29T00:00:00Z&to=2026-03-30T00:00:00Z"
        let counts = try await footfall.get("/cameras/1/counts?\(day)")
        let sum = (counts.body["items"]?.array ?? []).reduce(Int64(0)) { $0 + ($1["count_in"]?.integer ?? 0) }
        #expect(sum == total, "\(counts.body)")
    }

    @Test func aServerThatIsKilledOrStoppedIsStartedAgain() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            try await register(with: footfall)
            var sent: Int64 = 0
            for signal in [SIGKILL, SIGINT, SIGKILL] {
                for _ in 0..<5 {
                    sent += 1
                    _ = try await send(batch(sent, of: 3), to: footfall)
                }
                let old = try #require(postmaster(in: folder))
                kill(old, signal)
                while kill(old, 0) == 0 { await Task.yield() }
                sent += 1
                _ = try await send(batch(sent, of: 3), to: footfall)
                #expect(postmaster(in: folder) != old)
            }
            try await expect(footfall, toHaveCounted: sent * 3)
            #expect(footfall.program.output.contains("the embedded database runs again"))
            #expect(await footfall.stop() == 0)
            #expect(postmaster(in: folder) == nil)
        }
    }

    /// Stopping does not need the database.
    @Test func aServerWhoseDatabaseIsGoneEndsInOrder() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder, ["--no-worker"])
            let control = folder.appending(path: "postgres/global/pg_control")
            try FileManager.default.moveItem(at: control, to: control.appendingPathExtension("away"))
            kill(try #require(postmaster(in: folder)), SIGKILL)
            try await footfall.program.waits(for: "the embedded database does not start")
            #expect(await footfall.stop() == 0)
        }
    }

    /// Needs a disk of its own, which only root can make.
    @Test(.enabled("mounting a small disk needs root") { await SmallDisk.isPossible() })
    func aFullDiskIsWaitedFor() async throws {
        try await withFolder { folder in
            try await SmallDisk.with(at: folder, megabytes: 256) {
                let footfall = try await Footfall.up(in: folder, ["--no-worker"])
                try await register(with: footfall)
                var sent: Int64 = 1
                _ = try await send(batch(sent, of: 1000), to: footfall)
                let filling = try SmallDisk.fill(folder.appending(path: "filling"))
                // Until nothing is taken any more.
                while true {
                    let answer = try await footfall.post("/cameras/1/counts", batch(sent + 1, of: 1000))
                    guard answer.status == .created else {
                        #expect(answer.status == .serviceUnavailable, "\(answer.body)")
                        break
                    }
                    sent += 1
                    try SmallDisk.fillAgain(filling)
                }
                try FileManager.default.removeItem(at: filling)
                for _ in 0..<3 {
                    sent += 1
                    _ = try await send(batch(sent, of: 1000), to: footfall)
                }
                try await expect(footfall, toHaveCounted: sent * 1000)
                #expect(await footfall.stop() == 0)
            }
        }
    }
}

/// A file system in memory that is soon full.
enum SmallDisk {
    static func isPossible() async -> Bool {
        guard geteuid() == 0 else { return false }
        return (try? await withFolder { folder in try await with(at: folder, megabytes: 1) {} }) != nil
    }

    static func with(at folder: URL, megabytes: Int, _ body: () async throws -> Void) async throws {
        try await run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0755", "tmpfs", folder.path)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        // Whatever still uses it keeps it until its end.
        try await run("umount", "--lazy", folder.path)
        try outcome.get()
    }

    /// Writes a file that takes all the room there is.
    static func fill(_ file: URL) throws -> URL {
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        try fillAgain(file)
        return file
    }

    static func fillAgain(_ file: URL) throws {
        let descriptor = open(file.path, O_WRONLY | O_APPEND)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { close(descriptor) }
        for size in [1 << 20, 4096] {
            let block = [UInt8](repeating: 1, count: size)
            while write(descriptor, block, size) > 0 {}
        }
    }

    private static func run(_ command: String...) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        let status = await withCheckedContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(returning: -1) }
        }
        guard status == 0 else { throw Program.Ended(description: "\(command) failed") }
    }
}
