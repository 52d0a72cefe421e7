import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Several `footfall serve` on one database, of which some die.
@Suite(.timeLimit(.minutes(5))) struct SeveralProcessesTests {
    private struct Site {
        let target: ConnectionTarget
        let connection: Connection

        /// The processes that apply projections, each with how many: `host:pid`.
        func loads() async throws -> [String: Int64] {
            let rows = try await connection.query(
                """
                select process, count(*)
                from projection_runners
                join read.projections using (projection)
                where state = 'active' and is_running and ended_at is null
                group by process
                """)
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.text(0), try $0.integer(1)) })
        }

        func waits(for expected: [Int64]) async throws {
            while try await loads().values.sorted() != expected { try await pause() }
        }

        func load(of footfall: Footfall) async throws -> Int64 {
            try await loads().first { $0.key.hasSuffix(":\(footfall.program.pid)") }?.value ?? 0
        }

        /// Waits until every projection has come to a position; how long that took.
        func waits(forPosition position: Int64) async throws -> Duration {
            let began = ContinuousClock.now
            while true {
                let row = try await connection.query("select min(position), count(*) from read.checkpoints")[0]
                if try row.integer(0) >= position { return began.duration(to: .now) }
                try await pause()
            }
        }

        /// Lets the processes work, which share the machine's few cores with this one.
        func pause() async throws { try await connection.query("select pg_sleep(0.01)") }
    }

    private func withSite(_ body: @Sendable (Site) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(Site(target: target, connection: connection))
        }
    }

    /// Appends a reading through a process's API; its position.
    private func count(_ sequence: Int64, through footfall: Footfall) async throws -> Int64 {
        let answer = try await footfall.post(
            "/cameras/1/counts",
            [
                "source": "w", "sequence": .integer(sequence), "observed_at": "2026-03-29T12:00:00Z", "line": "door",
                "class": "person", "count_in": 1, "count_out": 0,
            ])
        return try #require(answer.body["results"]?.array?.first?["position"]?.integer, "\(answer.body)")
    }

    /// One for each folder in projections/.
    private static let projections: Int64 = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "projections").path)
        return Int64((names ?? []).filter { !$0.hasPrefix("_") && !$0.contains(".") }.count)
    }()

    private static let camera: JSON = [
        "name": "Door", "stream_url": "rtsp://10.0.0.1/x", "stream_type": "rtsp",
        "lines": [["name": "door", "from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]]],
    ]

    @Test(arguments: [SIGKILL, SIGSTOP])
    func anotherProcessGoesOnWithTheProjectionsOfOneThatDiesOrHangs(_ signal: Int32) async throws {
        try await withSite { site in
            var survivor = try await Footfall.serve(on: site.target.url)
            #expect(try await survivor.post("/cameras", Self.camera).status == .created)
            try await site.waits(for: [Self.projections])
            var sequence: Int64 = 0
            // Who comes later applies its half.
            for isOlderToGo in [false, true] {
                let newcomer = try await Footfall.serve(on: site.target.url)
                try await site.waits(for: [Self.projections / 2, Self.projections / 2])
                let victim = isOlderToGo ? survivor : newcomer
                survivor = isOlderToGo ? newcomer : survivor
                let load = try await site.load(of: victim)
                sequence += 1
                _ = try await site.waits(forPosition: try await count(sequence, through: victim))
                victim.program.signal(signal)
                sequence += 1
                let took = try await site.waits(forPosition: try await count(sequence, through: survivor))
                print(
                    "signal \(signal) to the process that applied \(load) of \(Self.projections): another went on after \(took)"
                )
                if signal == SIGSTOP {
                    // Awake again it finds out that it was replaced, and takes its share again.
                    victim.program.signal(SIGCONT)
                    try await site.waits(for: [Self.projections / 2, Self.projections / 2])
                    #expect(await victim.stop() == 0)
                } else {
                    await victim.program.waitsForEnd()
                }
                try await site.waits(for: [Self.projections])
            }
            let position = try await count(sequence + 1, through: survivor)
            let counts = try await survivor.get(
                "/cameras/1/counts?from=2026-03-29T12:00:00Z&to=2026-03-29T13:00:00Z&min_position=\(position)")
            #expect(counts.body["items"]?.array?.first?["count_in"] == .integer(sequence + 1))
            #expect(await survivor.stop() == 0)
            #expect(try await site.loads() == [:])
        }
    }

    /// As after `footfall serve 2>&1 | head -1`.
    @Test func aProcessGoesOnWhereNobodyReadsWhatItSays() async throws {
        try await withSite { site in
            let output = Pipe()
            try output.fileHandleForReading.close()
            let program = try Footfall.server(on: site.target.url, saying: output.fileHandleForWriting)
            while !program.hasEnded, try await site.loads().values.sorted() != [Self.projections] {
                try await site.pause()
            }
            program.signal(SIGTERM)
            #expect(await program.waitsForEnd() == 0)
        }
    }
}
