import Foundation
import Postgres
import TestSupport
import Testing

@testable import Installation

/// A server of the test's own that ends in all ways that a server ends.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct EmbeddedServerTests {
    private func withKept(
        _ rule: ServerWatch.Rule = ServerWatch.Rule(), _ body: @Sendable (TortureCluster) async throws -> Void
    ) async throws {
        try await TortureCluster.with { cluster in
            let server = await cluster.server
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.keepRunning(rule) { _ in } }
                try await body(cluster)
                group.cancelAll()
            }
        }
    }

    /// Waits until another first process than `old` answers.
    private func waitsForServer(after old: pid_t, _ cluster: TortureCluster) async throws {
        let target = await cluster.server.target
        while true {
            try Task.checkCancellation()
            if let pid = cluster.postmaster, pid != old,
                let connection = try? await Connection.open(target, logger: .silent)
            {
                connection.close()
                return
            }
            await Task.yield()
        }
    }

    @Test(arguments: [SIGKILL, SIGINT, SIGTERM, SIGQUIT]) func itIsStartedAgain(_ signal: Int32) async throws {
        try await withKept { cluster in
            for _ in 0..<2 {
                let postmaster = try #require(cluster.postmaster)
                // Sessions that are open do not keep it from ending, but with SIGTERM.
                kill(postmaster, signal)
                try await waitsForServer(after: postmaster, cluster)
            }
        }
    }

    @Test func oneThatCannotStartIsGivenUp() async throws {
        try await TortureCluster.with { cluster in
            let server = await cluster.server
            let postmaster = try #require(cluster.postmaster)
            let control = cluster.cluster.appending(path: "global/pg_control")
            try FileManager.default.moveItem(at: control, to: control.appendingPathExtension("away"))
            var rule = ServerWatch.Rule()
            rule.failures = 2
            rule.failuresUntilUseless = 1
            let (told, tell) = AsyncStream.makeStream(of: String?.self)
            await #expect(throws: EmbeddedPostgres.Failure.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { [rule] in try await server.keepRunning(rule) { tell.yield($0) } }
                    kill(postmaster, SIGKILL)
                    try await group.waitForAll()
                }
            }
            tell.finish()
            var news: [String?] = []
            for await one in told { news.append(one) }
            #expect(news.first == "the embedded database does not start")
            try FileManager.default.moveItem(at: control.appendingPathExtension("away"), to: control)
        }
    }

    /// A tool that finds the server down starts it, and the process that looks after it takes it over.
    @Test func oneThatAToolStartedMeanwhileIsTakenOver() async throws {
        try await TortureCluster.with { cluster in
            let server = await cluster.server
            let old = try #require(cluster.postmaster)
            kill(old, SIGKILL)
            while server.isAlive() { await Task.yield() }
            let tool = try await EmbeddedPostgres.start(in: cluster.folder, logger: .silent)
            try await tool.stop()
            // The first one uses it still.
            #expect(server.isAlive())
            try await server.stop()
            #expect(!server.isAlive())
            // There is nothing left to be stopped.
            try await server.stop()
        }
    }
}
