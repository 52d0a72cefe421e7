import Settings
import TestSupport
import Testing

@testable import Installation
@testable import Postgres

@Suite struct SessionBudgetTests {
    @Test func thereIsNothingToSayWhereThereIsRoom() {
        #expect(SessionBudget(limit: 97, others: 69).warning(for: 28) == nil)
    }

    @Test func whereThereIsNoneTheNumbersAndTheSettingsAreSaid() {
        let warning = SessionBudget(limit: 97, others: 70).warning(for: 28)
        let words = [
            "97", "70", "28", "max_connections", "FOOTFALL_DATABASE_READERS", "FOOTFALL_DATABASE_SLOW_READERS",
            "FOOTFALL_DATABASE_WRITERS",
        ]
        for word in words {
            #expect(warning?.contains(word) == true, "\(word)")
        }
    }

    @Test func theSmallestLimitCounts() async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            let whole = try await SessionBudget(on: connection)
            let most = try await connection.query("select current_setting('max_connections')::bigint")[0].integer(0)
            #expect(whole.limit > 0 && whole.limit <= most)
            let name = try await connection.query("select current_database()")[0].text(0)
            try await connection.query("alter database \(name) connection limit 7")
            #expect(try await SessionBudget(on: connection).limit == 7)
        }
    }

    @Test func settingsSayHowManySessionsAProcessHas() throws {
        #expect(try InstallationSettings(environment: [:]).sessions.most(projections: 6, reactions: 1) == 36)
        let settings = try InstallationSettings(
            environment: ["FOOTFALL_DATABASE_READERS": "20", "FOOTFALL_DATABASE_WRITERS": "1"])
        #expect(settings.sessions.readers == 20)
        #expect(settings.sessions.most(projections: 6, reactions: 0) == 46)
        for (name, value) in [
            ("FOOTFALL_DATABASE_READERS", "0"), ("FOOTFALL_DATABASE_WRITERS", "many"),
            ("FOOTFALL_DATABASE_WRITERS", "17"),
        ] {
            #expect(throws: InvalidSettings.self) { try InstallationSettings(environment: [name: value]) }
        }
    }
}
