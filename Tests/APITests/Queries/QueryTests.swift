import EventLog
import EventSourcing
import Postgres
import Projector
import Secrets
import TestSupport
import Testing

@testable import API
@testable import UseCases

/// The queries that are declared: what they say of their parameters and columns, and how the server runs those that read.
@Suite(.timeLimit(.minutes(5))) struct QueryTests {
    private static let queries =
        PostgresEventLog.queries + PostgresSecretStore.queries + Build.queries + exports
        + [SummaryQuery.query, SkippedEvents.ofFleet, CountExplanation.query, CountCorrections.query]

    /// In each form that there is of them.
    private static var exports: [SQLQuery] {
        var queries = [CountsExport.cameras]
        for format in [ExportForm.Format.csv, .jsonl] {
            for isLocal in [true, false] {
                queries.append(CountsExport.page(format, isLocal: isLocal))
                for source in [EventPages.Source.stored, .archived] {
                    for ofOneStream in [true, false] {
                        queries.append(
                            ReadingsExport.page(of: source, ofOneStream: ofOneStream, format, isLocal: isLocal))
                    }
                }
            }
        }
        return queries
    }

    @Test func namesAreDistinct() {
        let names = Self.queries.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func theServerSeesEachAsItIsDeclared() async throws {
        try await withAPI { api in
            try await api.settle()
            let connection = try await Connection.open(try #require(api.target), logger: .silent)
            defer { connection.close() }
            for query in Self.queries {
                let differences = try await connection.differences(from: query)
                #expect(differences == [], "\(query.name)")
            }
        }
    }

    /// Against 60,300 events of 300 cameras. The first run of a statement reads from disk, so the best of three counts.
    @Test(.enabled(if: Tier.isWhole)) func readsUseIndexesAndTakeLessThan50Milliseconds() async throws {
        try await withAPI { api in
            let connection = try await Connection.open(try #require(api.target), logger: .silent)
            defer { connection.close() }
            try await QueryFixture.fill(connection)
            for query in Self.queries where query.isRead {
                let statement = query.statement(try QueryFixture.values(for: query))
                var fastest = Double.infinity
                for _ in 0..<3 where fastest >= 50 {
                    let plan = try await QueryPlan(of: statement, on: connection)
                    #expect(plan.scannedWhole.isEmpty, "\(query.name) reads \(plan.scannedWhole) from end to end")
                    fastest = min(fastest, plan.milliseconds)
                }
                #expect(fastest < 50, "\(query.name) took \(fastest) ms")
            }
        }
    }
}

extension SQLQuery {
    /// Whether it changes nothing and locks nothing.
    fileprivate var isRead: Bool {
        let text = sql.lowercased()
        let isSelect = text.hasPrefix("select") || text.hasPrefix("with")
        return isSelect && !columns.isEmpty
            && ![
                "insert ", "update ", "delete ", "claim_request", "add_", "pass_time", "current_master_key",
                "advance_build", "choose_definition", "skip_projection_event", "advisory",
            ].contains {
                text.contains($0)
            }
    }
}
