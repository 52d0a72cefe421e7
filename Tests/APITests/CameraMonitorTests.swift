import Counting
import EventSourcing
import Postgres
import Reactions
import Synchronization
import Testing

@testable import API

@Suite struct CameraMonitorTests {
    private struct Bench: Sendable {
        let api: TestAPI
        let connection: Connection

        /// One round over what the read models know by now; gives the cameras that were checked.
        func round(_ check: @escaping CameraMonitor.Check = CameraMonitor.silence) async throws -> [Int64] {
            _ = try await api.get("/cameras/health/summary?min_position=\(try await api.log.head())")
            let checked = Mutex<[Int64]>([])
            let target = try #require(api.target)
            let monitor = CameraMonitor(api.log, on: target, logger: .silent) { suspect in
                checked.withLock { $0.append(suspect.id.number) }
                return await check(suspect)
            }
            try await monitor.round(on: connection)
            return checked.withLock { $0.sorted() }
        }

        func status(_ camera: Int64) async throws -> JSON? {
            try await api.get("/cameras/\(camera)?min_position=\(try await api.log.head())")["status"]
        }
    }

    private func withBench(_ body: @escaping @Sendable (Bench) async throws -> Void) async throws {
        try await withAPI(clocked: true) { api in
            let connection = try await Connection.open(try #require(api.target), logger: .silent)
            defer { connection.close() }
            try await body(Bench(api: api, connection: connection))
        }
    }

    @Test func onlyMonitoredCamerasThatNobodyVouchesForAreChecked() async throws {
        try await withBench { bench in
            let api = bench.api
            for id in 1...6 {
                try await api.register()
                if id != 2 { _ = try await api.post("/cameras/\(id)/start-monitoring") }
            }
            for id in [1, 2, 3, 4] { _ = try await api.post("/cameras/\(id)/start") }
            for id in [1, 2, 3, 4] {
                _ = try await api.patch("/cameras/\(id)/status", #"{"status":"online"}"#, ifMatch: "*")
            }
            try await HealthTests.beat("2026-03-29T12:00:00Z", "online", camera: 3, to: api)
            try await api.advance(by: .seconds(1))
            try await HealthTests.beat("2026-03-29T12:00:01Z", "online", to: api)
            // Its worker is heard, and knows better.
            try await HealthTests.beat("2026-03-29T12:00:01Z", "error", camera: 4, to: api)
            try await api.advance(by: .seconds(90))
            _ = try await api.patch("/cameras/6/status", #"{"status":"maintenance"}"#, ifMatch: "*")
            #expect(try await bench.round { _ in nil } == [3, 5])
            _ = try await api.post("/cameras/3/stop-monitoring")
            _ = try await api.delete("/cameras/4", ifMatch: "*")
            #expect(try await bench.round { _ in nil } == [5])
        }
    }

    @Test func whatACheckFindsIsTheCamerasStatus() async throws {
        try await withBench { bench in
            try await bench.api.register()
            _ = try await bench.api.post("/cameras/1/start-monitoring")
            let finding = CameraMonitor.Finding(.error, reason: Reason(stored: "no answer"))
            #expect(try await bench.round { _ in finding } == [1])
            #expect(try await bench.status(1) == "error")
            let head = try await bench.api.log.head()
            #expect(try await bench.round { _ in finding } == [1])
            // What is found again is not said again.
            #expect(try await bench.api.log.head() == head)
            let events = try await bench.api.log.read("camera-1", after: 2, limit: 10)
            #expect(events.map(\.type) == ["CameraStatusChanged"])
            #expect(EventMetadata(try JSON.parse(events[0].metadata)).actor == "footfall")
        }
    }

    @Test func silentCameraIsInErrorUntilItIsHeardAgain() async throws {
        try await withBench { bench in
            let api = bench.api
            try await api.register()
            for command in ["start-monitoring", "start"] { _ = try await api.post("/cameras/1/\(command)") }
            _ = try await api.patch("/cameras/1/status", #"{"status":"online"}"#, ifMatch: "*")
            try await HealthTests.beat("2026-03-29T12:00:00Z", "online", to: api)
            #expect(try await bench.round() == [])
            try await api.advance(by: .seconds(91))
            #expect(try await bench.round() == [1])
            #expect(try await bench.status(1) == "error")
            try await HealthTests.beat("2026-03-29T12:01:31Z", "online", to: api)
            #expect(try await bench.round() == [])
            #expect(try await bench.status(1) == "online")
        }
    }
}
