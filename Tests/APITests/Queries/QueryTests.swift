import EventSourcing
import Foundation
import Installation
import Postgres
import TestSupport
import Testing

@testable import API

/// The queries that are declared: what they say of their parameters and columns, and how the server runs them.
@Suite(.timeLimit(.minutes(5))) struct QueryTests {
    @Test func namesAreDistinct() throws {
        let names = DeclaredQueries.fixed.map(\.name)
        #expect(Set(names).count == names.count)
    }

    /// The names that the sources give to queries, as far as they are texts there.
    private static var namesInSources: Set<String> {
        get throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..")
            var names: Set<String> = []
            for folder in ["Sources", "tools/footfallctl"] {
                let folder = root.appending(path: folder)
                for case let path as String in FileManager.default.enumerator(atPath: folder.path) ?? .init()
                where path.hasSuffix(".swift") {
                    let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
                    for match in text.matches(of: /SQLQuery\(\s*"([^"\\]+)/) { names.insert(String(match.1)) }
                }
            }
            return names
        }
    }

    @Test func allOfTheSourcesAreListed() throws {
        let listed = try DeclaredQueries.all.map(\.name)
        let names = try Self.namesInSources
        #expect(names.count > 100)
        for name in names { #expect(listed.contains { $0.hasPrefix(name) }, "\(name) is in no list of queries") }
    }

    @Test func theServerSeesEachAsItIsDeclared() async throws {
        try await withAPI { api in
            try await api.settle()
            let connection = try await Connection.open(try #require(api.target), logger: .silent)
            defer { connection.close() }
            for query in try DeclaredQueries.all {
                let differences = try await connection.differences(from: query)
                #expect(differences == [], "\(query.name)")
            }
        }
    }

    /// Of what one answer may go through: what takes up to 50 ms here. Neither depends on how fast the machine is.
    private static let maximumRows = 100_000
    private static let maximumPages = 25_000

    /// What asks about all cameras and reads them all. Lists of cameras are held to their indexes by `CameraListTests`,
    /// where there are enough cameras for that.
    private static func isOfAllCameras(_ name: String) -> Bool {
        ["suspects_of_monitor", "health_of_fleet", "cameras_in_scope"].contains(name) || name.hasPrefix("cameras_by_")
    }

    @Test(.enabled(if: Tier.isWhole)) func noneReadsTheLogOrAReadModelFromEndToEnd() async throws {
        try await withAPI { api in
            let connection = try await Connection.open(try #require(api.target), logger: .silent)
            defer { connection.close() }
            try await QueryFixture.fill(connection)
            try await connection.script("set plan_cache_mode = force_generic_plan")
            var reads: [(name: String, statement: Statement)] = []
            for query in DeclaredQueries.fixed + (try DeclaredQueries.asked) {
                let plan = try await QueryPlan(of: query, on: connection)
                if plan.isRead {
                    // A value that is missing is noted, and the next query looked at.
                    guard let values = try? QueryFixture.values(for: query) else { continue }
                    reads.append((query.name, query.statement(values)))
                } else {
                    Self.check(plan, of: query.name)
                }
            }
            try await connection.script("reset plan_cache_mode")
            reads += try DeclaredQueries.lists.map { ($0.query.name, $0.statement) }
            for (name, statement) in reads {
                do {
                    Self.check(try await QueryPlan(of: statement, on: connection), of: name)
                } catch let error as PostgresError where error.sqlState != SQLState.readOnly {
                    Issue.record("\(name): \(error)")
                } catch is PostgresError {
                    // It calls a function that writes: what that does is not in its plan.
                }
            }
        }
    }

    private static func check(_ plan: QueryPlan, of name: String) {
        let scanned = plan.scannedWhole.filter { table in
            table.hasPrefix("events_") || QueryFixture.tablesOfCounts.contains(table)
                || QueryFixture.tablesOfCameras.contains(table) && !isOfAllCameras(name)
        }
        #expect(scanned.isEmpty, "\(name) reads \(scanned) from end to end")
        #expect(plan.rows <= maximumRows, "\(name) goes through \(plan.rows) rows")
        #expect(plan.pages <= maximumPages, "\(name) looks at \(plan.pages) pages")
    }
}
