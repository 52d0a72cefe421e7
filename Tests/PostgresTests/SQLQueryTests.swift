import TestSupport
import Testing

@testable import Postgres

@Suite struct SQLQueryTests {
    private func withConnection(_ body: @Sendable (Connection) async throws -> Void) async throws {
        try await TestCluster.shared.withDatabase(migrated: false) { target in
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await body(connection)
        }
    }

    @Test func namesBecomeNumbersInTheOrderInWhichTheyOccur() {
        let query = SQLQuery(
            "q", "select :b, :a::text, :b where x = :a", parameters: ["a": .text, "b": .integer])
        #expect(query.sql == "select $1, $2::text, $1 where x = $2")
        #expect(query.parameters.map(\.name) == ["b", "a"])
    }

    @Test func whatOnlyLooksLikeANameIsLeftAsItIs() {
        let sql = """
            select ':a', ":b", x::text, (array[1])[lower:upper], x[first:last], $$ :c $$ -- :d
            """
        let query = SQLQuery("q", sql)
        #expect(query.sql == sql)
        #expect(query.parameters.isEmpty)
    }

    @Test func valuesAndColumnsGoByName() async throws {
        try await withConnection { connection in
            let query = SQLQuery(
                "q", "select :text || '!' as text, :number + 1 as number, :texts as texts, null::bigint as nothing",
                parameters: ["number": .integer, "text": .text, "texts": .texts],
                columns: ["text": .text, "number": .integer, "texts": .texts, "nothing": .integer])
            let row = try await connection.query(
                query, ["texts": .texts(["a", nil, ""]), "number": .integer(1), "text": .text("a")])[0]
            #expect(try row.text("text") == "a!")
            #expect(try row.integer("number") == 2)
            #expect(try row.texts("texts") == ["a", nil, ""])
            #expect(try row.isNull("nothing"))
            #expect(throws: PostgresError.self) { try row.integer("other") }
            #expect(try await connection.differences(from: query) == [])
        }
    }

    @Test func arraysOfTextsAndTruthsArrive() async throws {
        try await withConnection { connection in
            var truths = ArrayParameter(.bool)
            for truth in [true, false] { truths.append(truth) }
            let query = SQLQuery(
                "q", "select :truths::text[] as truths, '{}'::text[] as none", parameters: ["truths": .bools],
                columns: ["truths": .texts, "none": .texts])
            let row = try await connection.query(query, ["truths": truths.parameter])[0]
            #expect(try row.texts("truths") == ["true", "false"])
            #expect(try row.texts("none") == [])
        }
    }

    @Test func aDeclarationThatIsWrongIsNamed() async throws {
        try await withConnection { connection in
            func differences(_ sql: String, _ columns: KeyValuePairs<String, ColumnType>) async throws -> [String] {
                try await connection.differences(
                    from: SQLQuery("q", sql, parameters: ["value": .integer], columns: columns))
            }
            #expect(try await differences("select :value as a", ["a": .integer]) == [])
            #expect(
                try await differences("select :value as a", ["b": .integer]) == [
                    #"it has the columns ["a"], and declares ["b"]"#
                ])
            #expect(
                try await differences("select :value as a", ["a": .text]) == [
                    "column a is no text: its type has the object id 20"
                ])
            let refused = try await differences("select lower(:value) as a", ["a": .text])
            #expect(refused.count == 1 && refused[0].contains("lower(bigint) does not exist"))
            // The session goes on.
            #expect(try await connection.query("select 1::bigint")[0].integer(0) == 1)
        }
    }
}
