import Logging

/// Puts new functions and views in the place of those that a database has, within the caller's transaction.
///
/// `create or replace` refuses another result of a function, other names of its parameters, and other columns of a view.
/// Then the old one is dropped first, with the views that rest on it: those have files as well and are made again. What
/// else rests on it, such as an index, is in the way; a migration has to drop that.
struct SchemaReplacement {
    private let connection: Connection
    private let logger: Logger
    private let objects: [SchemaObject]
    private var there: Set<String>

    init(among objects: [SchemaObject], on connection: Connection, logger: Logger) async throws {
        self.connection = connection
        self.logger = logger
        self.objects = objects
        there = Set(objects.map(\.name)).subtracting(try await Self.missing(among: objects, on: connection))
    }

    /// The names of those that the database has under no kind.
    static func missing(among objects: [SchemaObject], on connection: Connection) async throws -> Set<String> {
        let rows = try await connection.query(absent, ["names": .texts(objects.map(\.name))])
        return Set(try rows.map { try $0.text("name") })
    }

    /// Whether it is in the database, in whatever form.
    func isThere(_ object: SchemaObject) -> Bool { there.contains(object.name) }

    mutating func make(_ object: SchemaObject) async throws {
        do { try await replace(object) } catch let error as PostgresError { throw Self.failure(of: object, error) }
        there.insert(object.name)
    }

    private mutating func replace(_ object: SchemaObject) async throws {
        let before = try await functions(named: object.name)
        if let refusal = try await run(object) {
            logger.notice("drops and makes again", metadata: ["name": "\(object.name)", "reason": "\(refusal)"])
            try await drop(object.name)
            try await connection.script(object.sql)
        }
        // Other parameters make another function beside the old one, which nothing of this release calls.
        let after = try await functions(named: object.name)
        if Set(after.keys).isSubset(of: before.keys) { return }
        for (id, signature) in after where before[id] != nil {
            logger.notice("drops a function whose parameters have changed", metadata: ["name": "\(signature)"])
            try await drop(function: id, signature)
        }
    }

    /// The error where `create or replace` asks for the old object to be dropped; then nothing has changed.
    private func run(_ object: SchemaObject) async throws -> PostgresError? {
        try await connection.query("savepoint replacing")
        var refusal: PostgresError?
        do throws(PostgresError) { try await connection.script(object.sql) } catch { refusal = error }
        guard let refusal else {
            try await connection.query("release savepoint replacing")
            return nil
        }
        if !Self.asksForDrop(refusal) { throw refusal }
        try await connection.query("rollback to savepoint replacing")
        return refusal
    }

    /// Checks the body of a function against tables, and other functions, as they are now.
    func check(_ object: SchemaObject) async throws {
        if try await !Self.missing(among: [object], on: connection).isEmpty {
            throw Migrator.Failure.failed(name: object.file, reason: "it makes no function or view \(object.name)")
        }
        do {
            for id in try await functions(named: object.name).keys {
                try await connection.query(Self.validation, ["id": .integer(id)])
            }
        } catch let error as PostgresError {
            throw Self.failure(of: object, error)
        }
    }

    private static func failure(of object: SchemaObject, _ error: PostgresError) -> any Error {
        guard case .server(let reason) = error else { return error }
        return Migrator.Failure.failed(name: object.file, reason: reason.description)
    }

    private static func asksForDrop(_ error: PostgresError) -> Bool {
        [SQLState.invalidFunctionDefinition, SQLState.invalidTableDefinition, SQLState.wrongObjectType].contains(
            error.sqlState)
    }

    private mutating func drop(_ name: String) async throws {
        for (id, signature) in try await functions(named: name) { try await drop(function: id, signature) }
        try await drop(view: name)
    }

    private mutating func drop(function id: Int64, _ signature: String) async throws {
        for view in try await views(on: "pg_proc", id) { try await drop(view: view) }
        try await connection.query("drop function \(signature)")
    }

    private mutating func drop(view name: String) async throws {
        guard let id = try await connection.query(Self.view, ["name": .text(name)]).first?.integer("id") else { return }
        guard objects.contains(where: { $0.name == name }) else {
            throw Migrator.Failure.failed(
                name: "functions/\(name).sql", reason: "the view \(name) is in the way, and no file makes it again")
        }
        for view in try await views(on: "pg_class", id) where view != name { try await drop(view: view) }
        try await connection.query("drop view \(name)")
        there.remove(name)
    }

    /// The functions of a name, by object id, as `drop function` takes them.
    private func functions(named name: String) async throws -> [Int64: String] {
        let rows = try await connection.query(Self.ofName, ["name": .text(name)])
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.integer("id"), try $0.text("signature")) })
    }

    /// The views that rest on an object.
    private func views(on catalog: String, _ id: Int64) async throws -> [String] {
        try await connection.query(Self.dependents, ["catalog": .text(catalog), "id": .integer(id)])
            .map { try $0.text("view") }
    }
}

extension SchemaReplacement {
    private static let absent = SQLQuery(
        "missing_schema_objects",
        """
        select name
        from unnest(:names::text[]) as files (name)
        where to_regclass(name) is null and not exists (
          select
          from pg_proc
          where proname = split_part('public.' || name, '.', -1)
            and pronamespace = to_regnamespace(split_part('public.' || name, '.', -2))
        )
        """, parameters: ["names": .texts], columns: ["name": .text])

    private static let validation = SQLQuery(
        "validate_function",
        """
        select case lanname
          when 'sql' then fmgr_sql_validator(pg_proc.oid)::text
          when 'plpgsql' then plpgsql_validator(pg_proc.oid)::text
        end as validated
        from pg_proc join pg_language on pg_language.oid = prolang
        where pg_proc.oid = :id::oid
        """, parameters: ["id": .integer], columns: ["validated": .text])

    private static let view = SQLQuery(
        "id_of_view", "select to_regclass(:name)::oid as id where to_regclass(:name) is not null",
        parameters: ["name": .text], columns: ["id": .integer])

    private static let ofName = SQLQuery(
        "functions_of_name",
        """
        select oid as id, oid::regprocedure::text as signature
        from pg_proc
        where proname = split_part('public.' || :name, '.', -1)
          and pronamespace = to_regnamespace(split_part('public.' || :name, '.', -2))
        """, parameters: ["name": .text], columns: ["id": .integer, "signature": .text])

    private static let dependents = SQLQuery(
        "views_on_object",
        """
        select distinct pg_rewrite.ev_class::regclass::text as view
        from pg_depend
        join pg_rewrite on pg_depend.classid = 'pg_rewrite'::regclass and pg_rewrite.oid = pg_depend.objid
        where refclassid = :catalog::text::regclass and refobjid = :id::oid and pg_depend.deptype = 'n'
        """, parameters: ["catalog": .text, "id": .integer], columns: ["view": .text])

    static let queries = [absent, validation, view, ofName, dependents]
}
