import Access
import Counting
import EventSourcing
import Synchronization
import Testing

@testable import API

/// How long it is remembered which cameras a worker may report for.
@Suite(.timeLimit(.minutes(5))) struct RecentReportersTests {
    @Test func whatAWorkerMayReportForIsAskedOnceASecond() async throws {
        try await withAPI { api in
            let pool = try #require(api.pool)
            let readModels = ReadModels(
                pool: pool, checkpoints: try #require(api.checkpoints), log: api.log, positionTimeout: .seconds(30))
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let reporters = RecentReporters { start + passed.withLock(\.self) }
            func mayReport(_ worker: String, _ camera: Int64) async throws -> Bool {
                do {
                    try await reporters.check(try CameraID(camera), .assigned(worker: worker), in: readModels)
                    return true
                } catch let problem as Problem where problem.code == .cameraNotFound { return false }
            }
            func give(_ camera: Int64, to worker: String) async throws {
                let answer = try await api.post("/cameras/\(camera)/restart", #"{"worker_id":"\#(worker)"}"#)
                #expect(try await api.get("/cameras?min_position=\(try #require(answer.position))").status == 200)
            }
            for _ in 1...2 { try await api.register() }
            try await give(1, to: "w1")
            #expect(try await mayReport("w1", 1))
            #expect(try await !mayReport("w1", 2))
            // What is given to it counts at once; what is taken from it, when the second is over.
            try await give(2, to: "w1")
            #expect(try await mayReport("w1", 2))
            for worker in ["w2", "w3"] { try await give(1, to: worker) }
            #expect(try await mayReport("w1", 1))
            passed.withLock { $0 = RecentReporters.lifetime }
            #expect(try await !mayReport("w1", 1))
            #expect(try await mayReport("w1", 2))
            #expect(try await mayReport("w2", 1))
        }
    }
}
