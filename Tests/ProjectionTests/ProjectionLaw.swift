import EventLog
import EventSourcing
import TestSupport

@testable import Postgres
@testable import Projector

/// What must hold of every projection whatever it is about, and how a definition is found to break it.
enum ProjectionLaw: CaseIterable, Sendable {
    /// However the events are split into ranges, the rows are the same.
    case anySplitGivesTheSameRows
    /// Neither the session's settings nor the plan that the server chooses changes the rows.
    case anySessionGivesTheSameRows
    /// Its SQL refers to the views of events and to its own tables, and to nothing that differs from time to time.
    case itsInputsAreItsEvents
    /// An event that it does not read changes nothing; one of a camera changes no row of another camera.
    case anEventChangesOnlyWhatItConcerns
    /// Telemetry that a worker sends once more changes nothing.
    case whatIsSentAgainChangesNothing
    /// In whatever order telemetry arrives, late, long past or ahead of the clock, the rows are the same.
    case anyOrderOfTelemetryGivesTheSameRows

    /// In words, each way in which the definition breaks the law; none where it holds.
    func breaches(by definition: ProjectionDefinition, in harness: Harness) async throws -> [String] {
        switch self {
        case .anySplitGivesTheSameRows: try await harness.splitsThatDiffer(definition)
        case .anySessionGivesTheSameRows: try await harness.sessionsThatDiffer(definition)
        case .itsInputsAreItsEvents: try await harness.foreignInputs(definition)
        case .anEventChangesOnlyWhatItConcerns: try await harness.unconcernedRowsThatChange(definition)
        case .whatIsSentAgainChangesNothing: try await harness.effectsOfRepetition(definition)
        case .anyOrderOfTelemetryGivesTheSameRows: try await harness.ordersThatDiffer(definition)
        }
    }
}

extension Harness {
    fileprivate func splitsThatDiffer(_ definition: ProjectionDefinition) async throws -> [String] {
        var history = RandomHistory(seed: 5)
        try await append(history.appends(120))
        let atOnce = try await rows(of: definition, steps: [.max])
        var breaches: [String] = []
        for steps in [[1], [2], [50, 1, 30, 3, .max]] as [[Int64]] {
            let rows = try await rows(of: definition, steps: steps)
            if let difference = difference(rows, atOnce) { breaches.append("in steps of \(steps): \(difference)") }
        }
        return breaches
    }

    fileprivate func sessionsThatDiffer(_ definition: ProjectionDefinition) async throws -> [String] {
        var history = RandomHistory(seed: 6)
        try await append(history.appends(250))
        let plain = try await rows(of: definition, steps: [.max])
        var breaches: [String] = []
        for settings in Self.sessions {
            let session = try await Connection.open(target, logger: .silent)
            defer { session.close() }
            for setting in settings { try await session.script("set \(setting)") }
            let build = try await Build.create(definition, on: session)
            _ = try await build.advance(by: .max, on: session)
            // Not read in that session: its settings would change how a time is written.
            let difference = difference(try await rows(in: build.schema), plain)
            if let difference { breaches.append("with \(settings.joined(separator: ", ")): \(difference)") }
            try await build.drop(on: session)
        }
        return breaches
    }

    private static let sessions = [
        ["timezone = 'Asia/Kathmandu'", "datestyle = 'SQL, DMY'", "intervalstyle = 'sql_standard'"],
        ["enable_hashagg = off", "enable_hashjoin = off", "enable_mergejoin = off", "enable_seqscan = off"],
        ["enable_nestloop = off", "enable_sort = off", "enable_indexscan = off", "enable_bitmapscan = off"],
    ]

    fileprivate func foreignInputs(_ definition: ProjectionDefinition) async throws -> [String] {
        let build = try await Build.create(definition, on: connection)
        let references = try await SchemaReferences(of: definition, in: build.schema, on: connection)
        return references.breaches
    }

    fileprivate func unconcernedRowsThatChange(_ definition: ProjectionDefinition) async throws -> [String] {
        var history = RandomHistory(seed: 8)
        try await append(history.appends(150))
        let build = try await Build.create(definition, on: connection)
        var breaches: [String] = []
        var before = try await rowVersions(in: build.schema)
        for event in try await log.read(after: 0, limit: 1000) {
            _ = try await build.advance(by: 1, on: connection)
            let after = try await rowVersions(in: build.schema)
            let changed = before.symmetricDifference(after)
            let camera = try JSON.parse(event.data)["camera_id"]
            if !definition.eventViews.keys.contains(EventViews.name(of: event.type)), !changed.isEmpty {
                breaches.append("\(event.type) is not read, and changes \(changed)")
            }
            for row in changed {
                if let owner = try JSON.parse(Array(row.contents.utf8))["camera_id"], owner != camera {
                    breaches.append("\(event.type) of camera \(camera ?? .null) changes \(row)")
                }
            }
            before = after
        }
        return breaches
    }

    private struct RowVersion: Hashable {
        let table: String
        /// Place and transaction: another one after every update, even one that changes no value.
        let written: String
        let contents: String
    }

    private func rowVersions(in schema: String) async throws -> Set<RowVersion> {
        var versions: Set<RowVersion> = []
        for table in try await tables(in: schema) {
            let rows = try await connection.query(
                "select ctid::text || ' ' || xmin::text, to_jsonb(t)::text from \(schema).\(table) as t")
            for row in rows {
                versions.insert(RowVersion(table: table, written: try row.text(0), contents: try row.text(1)))
            }
        }
        return versions
    }

    fileprivate func effectsOfRepetition(_ definition: ProjectionDefinition) async throws -> [String] {
        var history = RandomHistory(seed: 9)
        let appends = try history.appends(200)
        try await append(appends)
        let build = try await Build.create(definition, on: connection)
        _ = try await build.advance(by: .max, on: connection)
        let once = try await rowVersions(in: build.schema)
        var random = SeededGenerator(seed: 9)
        let again = appends.filter { $0.producer != nil }.shuffled(using: &random)
        var breaches: [String] = []
        for outcome in try await log.append(again) where outcome.name != "duplicate" && outcome.name != "closed" {
            breaches.append("what is sent again is \(outcome.name)")
        }
        _ = try await build.advance(by: .max, on: connection)
        let twice = try await rowVersions(in: build.schema)
        breaches += once.symmetricDifference(twice).map { "\($0)" }
        return breaches
    }

    fileprivate func ordersThatDiffer(_ definition: ProjectionDefinition) async throws -> [String] {
        let orders = try TelemetryOrders()
        try await orders.append(to: self)
        var breaches: [String] = []
        for steps in [[1], [.max]] as [[Int64]] {
            breaches += try orders.differences(try await rows(of: definition, steps: steps))
        }
        return breaches
    }

    /// The first row that is in one of two read models only; nil where they are equal.
    private func difference(_ rows: [String], _ expected: [String]) -> String? {
        guard rows != expected else { return nil }
        let (found, wanted) = (Set(rows), Set(expected))
        return "\(rows.first { !wanted.contains($0) } ?? "no row") instead of "
            + (expected.first { !found.contains($0) } ?? "no row")
    }
}
