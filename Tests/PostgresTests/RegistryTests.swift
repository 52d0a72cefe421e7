import Foundation
import TestSupport
import Testing

@testable import Postgres

/// Swift and SQL name the same advisory locks and SQLSTATEs, and each means one thing.
@Suite struct RegistryTests {
    /// What the database has of our own: the text of each function and view, by its name.
    private func definitions() async throws -> [String: String] {
        try await TestCluster.shared.withDatabase { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            let rows = try await connection.query(
                """
                select proname::text, pg_get_functiondef(pg_proc.oid)
                from pg_proc
                join pg_language on pg_language.oid = prolang
                where pronamespace = 'public'::regnamespace and lanname in ('sql', 'plpgsql')
                union all
                select oid::regclass::text, pg_get_viewdef(oid)
                from pg_class
                where relkind = 'v' and relnamespace in ('public'::regnamespace, 'read'::regnamespace)
                """)
            return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.text(0), try $0.text(1)) })
        }
    }

    @Test func lockSpacesOfSQLAreThoseOfSwift() async throws {
        var used: Set<String> = []
        for (name, sql) in try await definitions() where name != "lock_space" {
            used.formUnion(sql.matches(of: /lock_space\('([a-z_]+)'(?:::text)?\)/).map { String($0.1) })
        }
        let named = try #require(try await definitions()["lock_space"])
            .matches(of: /when '([a-z_]+)' then/).map { String($0.1) }
        #expect(named.count == Set(named).count)
        #expect(Set(named) == used, "lock_space has what SQL uses, and nothing else")
        try await TestCluster.shared.withDatabase { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            for name in named {
                let space = try #require(LockSpace.allCases.first { Self.nameInSQL($0) == name }, "\(name)")
                let key = try await connection.query("select lock_space($1)", [.text(name)])[0].integer(0)
                #expect(key == space.rawValue, "\(name)")
            }
            let keys = try await connection.query("select archive_lock(), master_key_lock()")[0]
            #expect(try keys.integer(0) == LockKey.archive.rawValue)
            #expect(try keys.integer(1) == LockKey.masterKeys.rawValue)
            await #expect(throws: PostgresError.self) { try await connection.query("select lock_space('other')") }
        }
    }

    /// `reaction_skips` of `reactionSkips`.
    private static func nameInSQL(_ space: LockSpace) -> String {
        "\(space)".map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
    }

    @Test func noLockOfSQLHasANumberOfItsOwn() async throws {
        let known = ["lock_space(", "archive_lock(", "master_key_lock(", "p_writer)"]
        for (name, sql) in try await definitions() where name != "is_lock_held" {
            for call in sql.matches(of: /(?:pg_[a-z_]*advisory[a-z_]*|is_lock_held)\(([a-z_0-9]+.)/) {
                #expect(known.contains(String(call.1)), "\(name): \(call.0)")
            }
        }
    }

    @Test func eachSQLStateOfOurOwnIsRaisedByOneFunctionAndDeclared() async throws {
        var raisers: [String: [String]] = [:]
        var named: Set<String> = []
        for (name, sql) in try await definitions() {
            for raise in sql.matches(of: /errcode = '(FF[0-9]{3})'/) {
                raisers[String(raise.1), default: []].append(name)
            }
            named.formUnion(sql.matches(of: /'(FF[0-9]{3})'/).map { String($0.1) })
        }
        #expect(Set(raisers.keys) == Set(SQLState.Raised.allCases.map(\.rawValue)))
        #expect(named == Set(raisers.keys))
        for (state, functions) in raisers { #expect(functions.count == 1, "\(state): \(functions)") }
    }

    @Test func swiftNamesThemInTheRegistryAlone() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
        let files = try #require(FileManager.default.enumerator(atPath: sources.path)).compactMap { $0 as? String }
        var found: Set<String> = []
        for file in files where file.hasSuffix(".swift") {
            let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            if text.contains("\"FF0") || text.contains("'FF0") || text.contains("0x466F") { found.insert(file) }
        }
        #expect(found == ["Postgres/LockRegistry.swift", "Postgres/SQLState.swift"])
    }
}
