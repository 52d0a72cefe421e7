import Logging
import Release

/// The functions and views of a release, in an order in which they can be made. The database keeps in `schema_objects`
/// which text it has of each, and the release that brought it.
struct SchemaObjects: Sendable {
    private let objects: [SchemaObject]
    private let release: String

    init(_ objects: [SchemaObject], release: String) {
        self.objects = objects
        self.release = release
    }

    /// Throws `laterObject` where a later release has brought a text that this one does not have.
    func check(on connection: Connection) async throws {
        _ = try await changed(on: connection)
    }

    /// The files whose text the database lacks.
    func pending(on connection: Connection) async throws -> [String] {
        try await changed(on: connection).map(\.file)
    }

    /// Makes what has changed, and what is gone, in one transaction: sessions see all of it or nothing.
    /// - Returns: the files.
    func apply(on connection: Connection, logger: Logger) async throws -> [String] {
        let changed = Set(try await changed(on: connection))
        if changed.isEmpty { return [] }
        let made = try await connection.transaction { try await make(changed, on: connection, logger: logger) }
        for object in made { logger.info("applied function or view", metadata: ["name": "\(object.file)"]) }
        return made.map(\.file)
    }

    private func make(
        _ changed: Set<SchemaObject>, on connection: Connection, logger: Logger
    ) async throws -> [SchemaObject] {
        try await connection.query(
            """
            create table if not exists schema_objects (
              name text primary key,
              checksum text not null,
              release text not null,
              applied_at timestamptz not null default clock_timestamp()
            )
            """)
        try await connection.query("set local check_function_bodies = off")
        var replacement = try await SchemaReplacement(among: objects, on: connection, logger: logger)
        var made: [SchemaObject] = []
        for object in objects where changed.contains(object) || !replacement.isThere(object) {
            try await replacement.make(object)
            try await note(object, on: connection)
            made.append(object)
        }
        // Views that were dropped because of what came after them in the order.
        while let object = objects.first(where: { !replacement.isThere($0) }) {
            try await replacement.make(object)
            if !made.contains(object) { made.append(object) }
        }
        try await connection.query("set local check_function_bodies = on")
        for object in made { try await replacement.check(object) }
        return made
    }

    private func changed(on connection: Connection) async throws -> [SchemaObject] {
        guard try await !connection.query("select from pg_tables where tablename = 'schema_objects'").isEmpty else {
            return objects
        }
        let rows = try await connection.query(
            Self.edited, ["names": .texts(objects.map(\.name)), "texts": .texts(objects.map(\.sql))])
        let gone = try await SchemaReplacement.missing(among: objects, on: connection)
        var changed = Set(objects.filter { gone.contains($0.name) })
        for row in rows {
            let object = objects[Int(try row.integer("index")) - 1]
            if let later = try row.optionalText("release"), Release.isLater(later, than: release) {
                throw Migrator.Failure.laterObject(name: object.name, release: later)
            }
            changed.insert(object)
        }
        return objects.filter(changed.contains)
    }

    private func note(_ object: SchemaObject, on connection: Connection) async throws {
        try await connection.query(
            Self.noting, ["name": .text(object.name), "sql": .text(object.sql), "release": .text(release)])
    }
}

extension SchemaObjects {
    /// By their index among the files, from 1 on.
    private static let edited = SQLQuery(
        "edited_schema_objects",
        """
        select files.index, schema_objects.release
        from unnest(:names::text[], :texts::text[]) with ordinality as files (name, sql, index)
        left join schema_objects using (name)
        where schema_objects.checksum is distinct from encode(sha256(convert_to(files.sql, 'UTF8')), 'hex')
        order by files.index
        """, parameters: ["names": .texts, "texts": .texts], columns: ["index": .integer, "release": .text])

    private static let noting = SQLQuery(
        "note_schema_object",
        """
        insert into schema_objects (name, checksum, release)
        values (:name, encode(sha256(convert_to(:sql, 'UTF8')), 'hex'), :release)
        on conflict (name) do update
        set checksum = excluded.checksum, release = excluded.release, applied_at = excluded.applied_at
        """, parameters: ["name": .text, "sql": .text, "release": .text])

    static let queries = [edited, noting]
}

extension SchemaObject {
    var file: String { "functions/\(name).sql" }
}
