import Access
import Postgres
import TestSupport
import Testing

@testable import API

/// The forms of one condition, over a table of cameras and scopes.
@Suite struct ScopeConditionTests {
    private struct Place: CustomTestStringConvertible {
        let id: Int64
        let location: String?
        let worker: String?
        let previousWorker: String?

        var testDescription: String { "camera \(id)" }
    }

    private static let places = [
        Place(id: 1, location: "Hall", worker: "w1", previousWorker: nil),
        Place(id: 2, location: "hall", worker: "w2", previousWorker: "w1"),
        Place(id: 3, location: "Caf\u{e9}", worker: nil, previousWorker: nil),
        Place(id: 4, location: "Cafe\u{301}", worker: nil, previousWorker: "w2"),
        Place(id: 5, location: nil, worker: nil, previousWorker: nil),
    ]

    private static let scopes: [(Scope, Set<Int64>)] = [
        (.all, [1, 2, 3, 4, 5]), (.cameras([]), []), (.cameras([2, 5, 9]), [2, 5]), (.location("Hall"), [1]),
        (.location("Caf\u{e9}"), [3]), (.location(""), []), (.assigned(worker: "w1"), [1, 2]),
        (.assigned(worker: "w2"), [2, 4]), (.assigned(worker: ""), []),
    ]

    /// SQL for the cameras as a table.
    private static let cameras = """
        (values \(places.map { place in
            let texts = [place.location, place.worker, place.previousWorker].map { $0.map { "'\($0)'" } ?? "null::text" }
            return "(\(place.id)::bigint, \(texts.joined(separator: ", ")))"
        }.joined(separator: ", "))) as camera (camera_id, location, worker_id, previous_worker_id)
        """

    private func ids(
        _ condition: String, _ values: [(key: String, value: Parameter)], _ pool: Pool
    ) async throws -> Set<Int64> {
        let query = SQLQuery(
            "held_cameras", parts: "select camera_id from \(Self.cameras) where \(condition)",
            among: ScopeCondition.parameters)
        return Set(try await pool.query(query.statement(among: values)).map { try $0.integer("camera_id") })
    }

    private func withPool(_ body: @Sendable (Pool) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase { target in
            let pool = Pool(target, logger: .silent)
            defer { pool.close() }
            try await body(pool)
        }
    }

    @Test func everyFormHoldsTheSameCameras() async throws {
        try await withPool { pool in
            for (scope, expected) in Self.scopes {
                let values = ScopeCondition(scope).values
                let prepared = try await ids(ScopeCondition.sql("camera"), values, pool)
                #expect(prepared == expected, "\(scope)")
                let conditions = ScopeCondition.conditions(scope)
                let indexed = try await ids((["true"] + conditions).joined(separator: " and "), values, pool)
                #expect(indexed == expected, "\(scope)")
                if case .location = scope {
                    let admitted = Self.places.filter { ScopeCondition.admits($0.location, to: scope, isNew: true) }
                    #expect(Set(admitted.map(\.id)) == expected, "\(scope)")
                }
            }
        }
    }

    @Test(arguments: [nil, "everything", ""]) func withoutAScopeNothingIsHeld(_ kind: String?) async throws {
        try await withPool { pool in
            let values: [(key: String, value: Parameter)] = [
                ("scope_kind", .text(kind)), ("scope_cameras", .noIntegers), ("scope_location", .text(nil)),
                ("scope_worker", .text(nil)),
            ]
            let held = try await ids(ScopeCondition.sql("camera"), values, pool)
            #expect(held.isEmpty)
        }
    }
}
