import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// `footfall serve` that is killed while it erases cameras.
@Suite(.timeLimit(.minutes(5))) struct ErasureCrashTests {
    /// A camera as the log has it, and what the database has of its key, at one moment.
    private struct Kept: Hashable {
        let isRemoved: Bool
        let isErased: Bool
        let hasKey: Bool
        let secrets: Int64

        static let whole = Kept(isRemoved: false, isErased: false, hasKey: true, secrets: 2)
        static let gone = Kept(isRemoved: true, isErased: true, hasKey: false, secrets: 0)
    }

    private static let securityConfig: JSON = ["token": "marker-token"]
    private static let camera: JSON = [
        "name": "Door", "stream_url": "rtsp://u:marker-pass@10.0.0.5/s", "stream_type": "rtsp",
        "security_config": securityConfig,
    ]

    /// Each of the cameras, as one snapshot has it.
    private func kept(_ cameras: [Int64], _ connection: Connection) async throws -> [Int64: Kept] {
        let rows = try await connection.query(
            """
            select
              camera_id,
              exists (select from events where stream = 'camera-' || camera_id and type = 'CameraRemoved'),
              exists (select from events where stream = 'camera-' || camera_id and type = 'CameraErased'),
              key.wrapped is not null,
              (select count(*) from camera_secrets as secret where secret.camera_id = camera.camera_id)
            from unnest($1::bigint[]) as camera (camera_id)
            left join camera_keys as key using (camera_id)
            """, [.integers(cameras)])
        return try Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let kept = Kept(
                    isRemoved: try row.bool(1), isErased: try row.bool(2), hasKey: try row.bool(3),
                    secrets: try row.integer(4))
                return (try row.integer(0), kept)
            })
    }

    private func start(on target: ConnectionTarget, cameras count: Int) async throws -> (Footfall, [Int64]) {
        let footfall = try await Footfall.serve(on: target.url)
        var cameras: [Int64] = []
        for _ in 0..<count {
            let camera = try #require(try await footfall.post("/cameras", Self.camera).body["id"]?.integer)
            #expect(try await footfall.post("/cameras/\(camera)/start").status == .ok)
            cameras.append(camera)
        }
        return (footfall, cameras)
    }

    /// Erases the cameras, two at a time, and kills the process once the log holds so many erasures and, after that, the
    /// database was looked at so many times; the cameras whose erasure was answered.
    private func erase(
        _ cameras: [Int64], with footfall: Footfall, killingAfter erasures: Int, looks: Int, _ connection: Connection
    ) async throws -> Set<Int64> {
        try await withThrowingTaskGroup(of: [Int64].self) { group in
            for half in [cameras.prefix(cameras.count / 2), cameras.suffix(cameras.count / 2)] {
                group.addTask {
                    var answered: [Int64] = []
                    for camera in half {
                        // Without an answer nothing is known yet.
                        let answer = try? await footfall.delete("/cameras/\(camera)?erase=true")
                        guard answer?.status == .noContent else { break }
                        answered.append(camera)
                    }
                    return answered
                }
            }
            var left = looks
            while true {
                let kept = try await kept(cameras, connection)
                #expect(kept.values.allSatisfy { [.whole, .gone].contains($0) }, "\(kept)")
                if kept.values.count(where: { $0 == .gone }) >= erasures { left -= 1 }
                if left < 0 { break }
            }
            footfall.program.signal(SIGKILL)
            await footfall.program.waitsForEnd()
            // Nobody is there to connect to any more.
            group.cancelAll()
            return try await group.reduce(into: []) { $0.formUnion($1) }
        }
    }

    @Test func aKilledServerLeavesCamerasWholeOrErased() async throws {
        let count = 6
        let seen = try await TestCluster.shared.withDatabase { target in
            var seen: Set<Kept> = []
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            var (footfall, cameras) = try await start(on: target, cameras: count)
            for round in 0..<5 {
                let answered = try await erase(
                    cameras, with: footfall, killingAfter: round % 4, looks: .random(in: 0...3), connection)
                // What the dead process had sent to the database may still be under way there.
                while try await connection.query(
                    """
                    select count(*)
                    from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid() and application_name like 'footfall%'
                    """)[0].integer(0) > 0
                { try await connection.query("select pg_sleep(0.01)") }

                let kept = try await kept(cameras, connection)
                seen.formUnion(kept.values)
                let erased = Set(kept.filter { $0.value == .gone }.keys)
                #expect(kept.values.allSatisfy { [.whole, .gone].contains($0) }, "\(kept)")
                #expect(answered.isSubset(of: erased), "\(answered) \(kept)")
                let before = cameras
                (footfall, cameras) = try await start(on: target, cameras: count)
                try await expect(before, erased: erased, served: footfall, connection)
            }
            #expect(await footfall.stop() == 0)
            let verified = try await Program.run("footfallctl", ["verify", "--database-url", target.url])
            #expect(verified.code == 0, "\(verified.output)")
            return seen
        }
        #expect(seen == [.whole, .gone])
    }

    /// Asks the server that came after: erased cameras are gone, the others have their secrets, and can still be erased.
    private func expect(
        _ cameras: [Int64], erased: Set<Int64>, served footfall: Footfall, _ connection: Connection
    ) async throws {
        let head = try await connection.query("select position from log_head")[0].integer(0)
        let assigned = try await footfall.asWorker().get("/workers/worker-1/assignments?min_position=\(head)")
        let items = Dictionary(grouping: assigned.body["items"]?.array ?? []) { $0["camera_id"]?.integer ?? 0 }
        for camera in cameras {
            let status = try await footfall.get("/cameras/\(camera)?min_position=\(head)").status
            if erased.contains(camera) {
                #expect(status == .gone)
                #expect(items[camera] == nil)
            } else {
                #expect(status == .ok)
                #expect(items[camera]?.first?["stream_url"] == "rtsp://u:marker-pass@10.0.0.5/s")
                #expect(items[camera]?.first?["security_config"] == Self.securityConfig)
            }
            #expect(try await footfall.delete("/cameras/\(camera)?erase=true").status == .noContent)
        }
        let kept = try await kept(cameras, connection)
        #expect(kept.values.allSatisfy { $0 == .gone }, "\(kept)")
    }
}
