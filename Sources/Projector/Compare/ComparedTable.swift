import Postgres

/// A table of two schemas, as SQL that compares its rows: by primary key where it has one, else as multisets.
///
/// The statements' answers: `countsSQL` one row with the numbers `active_rows` and `rebuilt_rows`, and how many were
/// `added`, `removed` and `changed`; `samplesSQL` a row for each difference, with its `key`, `active_row` and
/// `rebuilt_row` as JSON.
struct ComparedTable {
    private struct Column {
        let name: String
        let isKey: Bool
        /// nil where the table lacks the column.
        let activeType: String?
        let rebuiltType: String?

        var isCommon: Bool { activeType != nil && rebuiltType != nil }

        /// What is compared: the value or, where the two types differ or have no equality, its text.
        func value(of side: String) -> String {
            let isComparable = activeType == rebuiltType && !Self.typesWithoutEquality.contains(activeType ?? "")
            return "\(side).\(name.quoted)" + (isComparable ? "" : "::text")
        }

        private static let typesWithoutEquality: Set<String> = {
            let types = ["json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"]
            return Set(types + types.map { $0 + "[]" })
        }()
    }

    let name: String
    private let active: String
    private let rebuilt: String
    private let columns: [Column]
    private let camera: Int64?

    var columnsAdded: [String] { columns.filter { $0.activeType == nil }.map(\.name) }
    var columnsRemoved: [String] { columns.filter { $0.rebuiltType == nil }.map(\.name) }

    /// Every table that either schema has, by name.
    /// - Parameter camera: those only whose primary key begins with `camera_id`, and this camera's rows of them.
    static func all(
        active: String, rebuilt: String, camera: Int64?, on connection: Connection
    ) async throws -> [ComparedTable] {
        let rows = try await connection.query(Self.columns, ["active": .text(active), "rebuilt": .text(rebuilt)])
        var tables: [String: [Column]] = [:]
        var byCamera: Set<String> = []
        for row in rows {
            let table = try row.text("table")
            if try row.bool("is_by_camera") { byCamera.insert(table) }
            tables[table, default: []].append(
                Column(
                    name: try row.text("column"), isKey: try row.bool("is_key"),
                    activeType: try row.optionalText("active_type"), rebuiltType: try row.optionalText("rebuilt_type")))
        }
        return tables.filter { camera == nil || byCamera.contains($0.key) }.sorted { $0.key < $1.key }.map {
            ComparedTable(name: $0.key, active: active, rebuilt: rebuilt, columns: $0.value, camera: camera)
        }
    }

    /// A row for each column of each table that either schema has.
    static let columns = SQLQuery(
        "columns_to_compare",
        """
        select
          pg_class.relname::text as table,
          pg_attribute.attname::text as column,
          max(format_type(atttypid, atttypmod)) filter (where nspname = :active) as active_type,
          max(format_type(atttypid, atttypmod)) filter (where nspname = :rebuilt) as rebuilt_type,
          bool_and(attnum = any (coalesce(indkey, ''))) as is_key,
          coalesce(bool_or(attname = 'camera_id' and attnum = indkey[0]), false) as is_by_camera
        from pg_class
        join pg_namespace on pg_namespace.oid = relnamespace and nspname in (:active, :rebuilt)
        join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
        left join pg_index on indrelid = pg_class.oid and indisprimary
        where relkind in ('r', 'p')
        group by pg_class.relname, pg_attribute.attname
        order by pg_class.relname::text, min(attnum), pg_attribute.attname::text
        """, parameters: ["active": .text, "rebuilt": .text],
        columns: [
            "table": .text, "column": .text, "active_type": .text, "rebuilt_type": .text, "is_key": .bool,
            "is_by_camera": .bool,
        ])

    private var common: [Column] { columns.filter(\.isCommon) }
    /// None where the two have different primary keys: then rows are compared as a whole.
    private var keys: [Column] { columns.allSatisfy { !$0.isKey || $0.isCommon } ? common.filter(\.isKey) : [] }
    private var others: [Column] { common.filter { !$0.isKey } }

    private func rows(of schema: String) -> String {
        "(select * from \(schema.quoted).\(name.quoted)\(camera.map { " where camera_id = \($0)" } ?? ""))"
    }

    var countsSQL: String {
        if common.isEmpty {
            // A table that only one of the two has.
            let schema = columnsAdded.isEmpty ? active : rebuilt
            let count = "(select count(*) from \(rows(of: schema)) as present)"
            let counts = columnsAdded.isEmpty ? [count, "0", "0", count, "0"] : ["0", count, count, "0", "0"]
            let names = ["active_rows", "rebuilt_rows"] + TableDifferences.Kind.allCases.map(\.rawValue)
            return "select " + zip(counts, names).map { "\($0)::bigint as \($1)" }.joined(separator: ", ")
        }
        if keys.isEmpty {
            return """
                select
                  (select count(*) from \(rows(of: active)) as active) as active_rows,
                  (select count(*) from \(rows(of: rebuilt)) as rebuilt) as rebuilt_rows,
                  (select count(*) from \(surplus(of: "rebuilt", over: "active")) as added) as added,
                  (select count(*) from \(surplus(of: "active", over: "rebuilt")) as removed) as removed,
                  0::bigint as changed
                """
        }
        return """
            select
              count(active.\(keys[0].name.quoted)) as active_rows,
              count(rebuilt.\(keys[0].name.quoted)) as rebuilt_rows,
              count(*) filter (where \(condition(.added))) as added,
              count(*) filter (where \(condition(.removed))) as removed,
              count(*) filter (where \(condition(.changed))) as changed
            from \(joined)
            """
    }

    func samplesSQL(_ kind: TableDifferences.Kind, limit: Int) -> String {
        if common.isEmpty || keys.isEmpty {
            let (side, other) = kind == .added ? ("rebuilt", "active") : ("active", "rebuilt")
            let source = common.isEmpty ? rows(of: kind == .added ? rebuilt : active) : surplus(of: side, over: other)
            let values = kind == .added ? ("null::jsonb", "to_jsonb(surplus)") : ("to_jsonb(surplus)", "null::jsonb")
            return """
                select null::jsonb as key, \(values.0) as active_row, \(values.1) as rebuilt_row
                from \(source) as surplus
                limit \(limit)
                """
        }
        let key = keys.map { column in
            let (name, text) = (column.name.quoted, column.name.replacing("'", with: "''"))
            return "'\(text)', coalesce(to_jsonb(active.\(name)), to_jsonb(rebuilt.\(name)))"
        }
        let order = keys.map { "coalesce(\($0.value(of: "active")), \($0.value(of: "rebuilt")))" }
        return """
            select
              jsonb_build_object(\(key.joined(separator: ", "))) as key,
              case when active.\(keys[0].name.quoted) is not null then to_jsonb(active) end as active_row,
              case when rebuilt.\(keys[0].name.quoted) is not null then to_jsonb(rebuilt) end as rebuilt_row
            from \(joined)
            where \(condition(kind))
            order by \(order.joined(separator: ", "))
            limit \(limit)
            """
    }

    /// The rows of one side that the other lacks, as often as it lacks them.
    private func surplus(of side: String, over other: String) -> String {
        func select(_ side: String) -> String {
            let values = common.map { "\($0.value(of: side)) as \($0.name.quoted)" }
            return
                "select \(values.joined(separator: ", ")) from \(rows(of: side == "active" ? active : rebuilt)) as \(side)"
        }
        return "(\(select(side)) except all \(select(other)))"
    }

    private var joined: String {
        let conditions = keys.map { "\($0.value(of: "active")) = \($0.value(of: "rebuilt"))" }
        return """
            \(rows(of: active)) as active
            full join \(rows(of: rebuilt)) as rebuilt on \(conditions.joined(separator: " and "))
            """
    }

    private func condition(_ kind: TableDifferences.Kind) -> String {
        let key = keys[0].name.quoted
        switch kind {
        case .added: return "active.\(key) is null"
        case .removed: return "rebuilt.\(key) is null"
        case .changed:
            if others.isEmpty { return "false" }
            let values = { (side: String) in others.map { $0.value(of: side) }.joined(separator: ", ") }
            return """
                active.\(key) is not null and rebuilt.\(key) is not null
                and row(\(values("active"))) is distinct from row(\(values("rebuilt")))
                """
        }
    }
}

extension String {
    /// As an identifier in SQL.
    fileprivate var quoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
