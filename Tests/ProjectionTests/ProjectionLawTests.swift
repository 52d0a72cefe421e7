import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Projector

/// What holds for every projection there is, and for those to come.
@Suite(.enabled(if: Tier.isWhole)) struct ProjectionLawTests {
    @Test(arguments: Harness.names, ProjectionLaw.allCases)
    func everyLawHolds(_ name: String, _ law: ProjectionLaw) async throws {
        let definition = try Harness.definition(name)
        try await Harness.with { harness in
            let breaches = try await law.breaches(by: definition, in: harness)
            #expect(breaches == [])
        }
    }

    /// Readers know a table by its own name alone, whichever projection it is of.
    @Test func noTwoTablesHaveOneName() async throws {
        try await Harness.with { harness in
            var owners: [String: String] = [:]
            for name in Harness.names {
                let build = try await Build.create(Harness.definition(name), on: harness.connection)
                let tables = try await harness.tables(in: build.schema)
                #expect(!tables.isEmpty, "\(name)")
                for table in tables {
                    #expect(owners[table] == nil, "\(name) and \(owners[table] ?? "") both make \(table)")
                    owners[table] = name
                }
            }
        }
    }

    @Test(arguments: Harness.names, [UInt64(1), 2, 3])
    func oneBatchEqualsOneByOneEqualsRandomSplits(_ name: String, seed: UInt64) async throws {
        let definition = try Harness.definition(name)
        try await Harness.with { harness in
            var history = RandomHistory(seed: seed)
            try await harness.append(history.appends(250))
            let atOnce = try await harness.rows(of: definition, steps: [.max])
            #expect(!atOnce.isEmpty)
            #expect(try await harness.rows(of: definition, steps: [1]) == atOnce)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<3 {
                let steps = (0..<300).map { _ in Int64.random(in: 1...40, using: &random) }
                #expect(try await harness.rows(of: definition, steps: steps) == atOnce)
            }
        }
    }

    @Test(arguments: Harness.names)
    func aRebuildUnderConcurrentAppendsEqualsTheLiveBuild(_ name: String) async throws {
        let definition = try Harness.definition(name)
        try await Harness.with { harness in
            var history = RandomHistory(seed: 7)
            try await harness.append(history.appends(200))
            let later = try (0..<40).map { _ in try history.appends(10) }
            try await harness.withProjector([definition]) { checkpoints in
                #expect(await checkpoints.wait(for: [name], toReach: 200, timeout: timeout))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for appends in later { try await harness.append(appends) } }
                    for _ in 0..<2 {
                        try await Rebuild(definition, on: harness.target, eventsPerStep: 17, logger: .silent).run()
                    }
                    try await group.waitForAll()
                }
                let head = try await harness.log.head()
                #expect(await checkpoints.wait(for: [name], toReach: head, timeout: timeout))
                let builds = try await Build.all(of: name, on: harness.connection)
                let active = try #require(builds.first { $0.state == .active })
                #expect(active.id > 2)
                let live = try await harness.rows(in: active.schema)
                #expect(try await harness.rows(of: definition, steps: [.max]) == live)
            }
        }
    }
}
