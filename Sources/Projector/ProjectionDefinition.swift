import Foundation

/// The SQL of one read model: a folder with `tables.sql`, `apply.sql` and perhaps `indexes.sql`, and the typed views of
/// events that `apply.sql` names.
package struct ProjectionDefinition: Sendable {
    package enum Invalid: Error, Equatable, CustomStringConvertible {
        case unreadable(path: String, reason: String)
        case badName(String)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
            case .badName(let name):
                "\(name) is not a projection's name: a letter, then letters, digits or _, 40 characters at most, lower case"
            }
        }
    }

    package let name: String
    let tables: String
    let apply: String
    let indexes: String?
    /// The views by name, each with its SQL.
    let eventViews: [String: String]

    /// The events of the range being applied, those that were loaded from the archive among them: what every other view
    /// reads.
    static let batchView = """
        create view batch as
        select position, version, recorded_at, schema_version, stream, type, data, metadata
        from public.events
        where position > current_setting('footfall.after')::bigint
          and position <= current_setting('footfall.upto')::bigint
        union all
        select position, version, recorded_at, schema_version, stream, type, data, metadata
        from public.archived_events
        where position > current_setting('footfall.after')::bigint
          and position <= current_setting('footfall.upto')::bigint
        """

    /// - Parameter eventViews: all there are, by name; those that `apply` does not name are left out.
    package init(
        name: String, tables: String, apply: String, indexes: String? = nil, eventViews: [String: String]
    ) throws(Invalid) {
        guard name.wholeMatch(of: /[a-z][a-z0-9_]{0,39}/) != nil else { throw .badName(name) }
        self.name = name
        self.tables = tables
        self.apply = apply
        self.indexes = indexes
        let words = Self.words(of: apply)
        self.eventViews = eventViews.filter { words.contains($0.key) }
    }

    private static func words(of sql: String) -> Set<String> { Set(sql.matches(of: /[a-z0-9_]+/).map { String($0.0) }) }

    /// Every folder below `folder` but `_events`, sorted by name.
    package static func load(from folder: URL) throws(Invalid) -> [ProjectionDefinition] {
        let views = folder.appending(path: "_events")
        var eventViews: [String: String] = [:]
        for name in try contents(of: views) where name.hasSuffix(".sql") {
            eventViews[String(name.dropLast(4))] = try text(of: views.appending(path: name))
        }
        var definitions: [ProjectionDefinition] = []
        for name in try contents(of: folder) {
            let home = folder.appending(path: name)
            guard name != "_events", home.isFolder else { continue }
            let indexes = home.appending(path: "indexes.sql")
            definitions.append(
                try ProjectionDefinition(
                    name: name,
                    tables: text(of: home.appending(path: "tables.sql")),
                    apply: text(of: home.appending(path: "apply.sql")),
                    indexes: FileManager.default.fileExists(atPath: indexes.path) ? text(of: indexes) : nil,
                    eventViews: eventViews))
        }
        return definitions
    }

    /// All SQL that makes a build, by file name, as a JSON object with sorted keys: what a definition's hash covers.
    var sources: [UInt8] {
        get throws {
            var files = ["batch.sql": Self.batchView, "tables.sql": tables, "apply.sql": apply]
            if let indexes { files["indexes.sql"] = indexes }
            for (name, sql) in eventViews { files["_events/\(name).sql"] = sql }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(files))
        }
    }

    /// The function that applies a range. A function keeps its plans for the session, and its text stays with the build.
    var applyFunction: String {
        var tag = "apply"
        while apply.contains("$\(tag)$") { tag += "_" }
        return """
            create function apply() returns void language plpgsql set search_path from current as $\(tag)$
            #variable_conflict use_column
            begin
            \(skipOthers)
            \(refuseUnknownVersions)
            \(apply)
            end
            $\(tag)$
            """
    }

    /// SQL that ends a step at once where no event of the range is of a type that the read model is made from: most
    /// events are readings, and many read models are not about them. Empty where the types are not known.
    private var skipOthers: String {
        let types = eventViews.values.map { Self.shown(by: $0)?.type }
        let readsAll = Self.withoutComments(apply)
            .contains(/\b(from|join|using)\s+(public\.)?(batch|events|archived_events)\b/)
        guard !types.isEmpty, !types.contains(nil), !readsAll else { return "" }
        let list = types.compactMap { $0.map { "'\($0)'" } }.sorted().joined(separator: ", ")
        return "if not exists (select from batch where type in (\(list))) then return; end if;"
    }

    /// SQL that fails at an event of a type that the read model is made from, in a schema version that its view does not
    /// show: applied in silence it would be missing, or taken for something else.
    private var refuseUnknownVersions: String {
        let conditions = eventViews.values.compactMap(Self.shown(by:)).compactMap { shown in
            shown.versions.map { "type = '\(shown.type)' and schema_version not in (\($0))" }
        }
        if conditions.isEmpty { return "" }
        return """
            perform refuse_schema_version(type, schema_version)
            from batch
            where \(conditions.sorted().joined(separator: " or "));
            """
    }

    /// The event type that a view shows and, where it says so, which of its schema versions; nil where the view shows
    /// several types, or has another form.
    private static func shown(by view: String) -> (type: Substring, versions: Substring?)? {
        let view = withoutComments(view)
        guard view.matches(of: /\bwhere\b/).count == 1, words(of: view).isDisjoint(with: ["union", "or"]) else {
            return nil
        }
        return view.firstMatch(of: /where type = '([A-Za-z]+)'(?: and schema_version in \(([0-9, ]+)\))?;?\s*$/)
            .map { ($0.1, $0.2) }
    }

    private static func withoutComments(_ sql: String) -> String { sql.replacing(/--[^\n]*/, with: "") }

    private static func contents(of folder: URL) throws(Invalid) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() } catch {
            throw .unreadable(path: folder.path, reason: error.localizedDescription)
        }
    }

    private static func text(of file: URL) throws(Invalid) -> String {
        do { return try String(contentsOf: file, encoding: .utf8) } catch {
            throw .unreadable(path: file.path, reason: error.localizedDescription)
        }
    }
}

extension URL {
    fileprivate var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
