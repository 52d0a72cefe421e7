import Access
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import API

/// How much of what is reported is taken of one user.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct IntakeTests {
    private static func batch(_ count: Int, source: String, from first: Int) -> String {
        let readings = (first..<first + count).map { #"{"sequence":\#($0),"count_in":1,"count_out":0,"line":"door"}"# }
        return #"{"source":"\#(source)","readings":[\#(readings.joined(separator: ","))]}"#
    }

    @Test func oneWorkerThatFloodsLosesAnHonestOneNothing() async throws {
        let tokens = try await TestTokens()
        try await withAPI(projecting: false, authentication: tokens.authentication) { api in
            let root = api.with(try tokens.all())
            for name in ["flooding", "honest"] { try await root.register(TestAPI.camera(name: name)) }
            let (flooding, honest) = (
                api.with(try tokens.token("w1", [], [.report])), api.with(try tokens.token("w2", [], [.report]))
            )
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for sender in 0..<12 {
                    group.addTask {
                        var statuses: [Int] = []
                        for round in 0..<8 {
                            let body = Self.batch(1000, source: "w1:\(sender)", from: 1 + round * 1000)
                            statuses.append(try await flooding.post("/cameras/1/counts", body).status)
                        }
                        return statuses
                    }
                }
                for round in 0..<10 {
                    let answer = try await honest.post(
                        "/cameras/2/counts", Self.batch(100, source: "w2", from: 1 + round * 100))
                    #expect(answer.status == 201, "\(answer.body)")
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            // What is beyond a minute's sixty thousand was not taken, nor was what was beyond a user's share of the queue.
            #expect(statuses.count { $0 == 201 } <= 60)
            #expect(statuses.allSatisfy { [201, 429, 503].contains($0) })
            let events = try await api.log.read("telemetry-2", after: 0, limit: 2000)
            #expect(events.count == 1000)
        }
    }

    @Test func reportsAndBytesHaveLimits() throws {
        let clock = TestClock("2026-03-29T12:00:00Z")
        let intake = IntakeLimits(IntakeLimits.Amounts(reports: 60, bytes: 6000), now: { clock.now })
        try intake.take(.init(reports: 50, bytes: 100), of: "w1")
        let problem = #expect(throws: Problem.self) { try intake.take(.init(reports: 20, bytes: 1), of: "w1") }
        #expect(problem?.code == .rateLimited)
        #expect(problem?.headers[.retryAfter] == "11")
        try intake.take(.init(reports: 10, bytes: 5900), of: "w1")
        #expect(throws: Problem.self) { try intake.take(.init(reports: 0, bytes: 100), of: "w1") }
        try intake.take(.init(reports: 60, bytes: 6000), of: "w2")
        clock.advance(by: .seconds(60))
        try intake.take(.init(reports: 60, bytes: 6000), of: "w1")
    }
}
