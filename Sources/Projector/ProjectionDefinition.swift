import EventLog
import EventSourcing
import Foundation

/// The SQL of one read model: a folder with `tables.sql`, `apply.sql` and perhaps `indexes.sql`, and the typed views of
/// events that `apply.sql` declares as its inputs:
///
///     -- Inputs: camera_registered, camera_started,
///     -- camera_stopped
///
/// The list goes on after a comma at the end of a line. One that reads the events of all types declares `batch`.
package struct ProjectionDefinition: Sendable {
    package enum Invalid: Error, Equatable, CustomStringConvertible {
        case unreadable(path: String, reason: String)
        case badName(String)
        /// A view of events that does not say of which.
        case undeclaredView(String)
        /// `apply.sql` names a view that it does not declare.
        case undeclaredInput(projection: String, view: String)
        /// It declares a view that it does not name, or that there is not.
        case uselessInput(projection: String, view: String)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
            case .badName(let name):
                "\(name) is not a projection's name: a letter, then letters, digits or _, 40 characters at most, lower case"
            case .undeclaredView(let name):
                "_events/\(name).sql needs one line with its event's type and schema versions: -- Event: TYPE 1, 2"
            case .undeclaredInput(let projection, let view):
                "\(projection)/apply.sql reads \(view), which its line -- Inputs: does not name"
            case .uselessInput(let projection, let view):
                "\(projection)/apply.sql names \(view) as an input, and does not read it, or there is none of that name"
            }
        }
    }

    package let name: String
    let tables: String
    let apply: String
    let indexes: String?
    /// The views that are its inputs, by name.
    package let eventViews: [String: EventView]
    /// Whether it reads events of all types.
    private let readsAll: Bool

    /// The events of the range being applied, those that were loaded from the archive among them: what every other view
    /// reads.
    static let batchView = """
        create view batch as
        select \(RecordedEvent.columnNames)
        from public.events
        where position > current_setting('footfall.after')::bigint
          and position <= current_setting('footfall.upto')::bigint
        union all
        select \(RecordedEvent.columnNames)
        from public.archived_events
        where position > current_setting('footfall.after')::bigint
          and position <= current_setting('footfall.upto')::bigint
        """

    static let batch = "batch"

    /// - Parameter eventViews: all there are, by name; its inputs are some of them.
    package init(
        name: String, tables: String, apply: String, indexes: String? = nil, eventViews: [String: EventView]
    ) throws(Invalid) {
        guard name.wholeMatch(of: /[a-z][a-z0-9_]{0,39}/) != nil else { throw .badName(name) }
        self.name = name
        self.tables = tables
        self.apply = apply
        self.indexes = indexes
        let text = SQLText(apply)
        let inputs = Self.inputs(declaredIn: text.comments)
        let read = text.words.intersection(Set(eventViews.keys).union([Self.batch]))
        if let view = read.subtracting(inputs).min() { throw .undeclaredInput(projection: name, view: view) }
        if let view = inputs.subtracting(read).min() { throw .uselessInput(projection: name, view: view) }
        self.eventViews = eventViews.filter { inputs.contains($0.key) }
        readsAll = inputs.contains(Self.batch)
    }

    private static func inputs(declaredIn comments: [String]) -> Set<String> {
        let mark = "Inputs:"
        guard let begin = comments.firstIndex(where: { $0.hasPrefix(mark) }) else { return [] }
        let end = comments[begin...].firstIndex { !$0.hasSuffix(",") } ?? comments.endIndex - 1
        let list = comments[begin...end].joined(separator: " ").dropFirst(mark.count)
        return Set(list.split { $0 == "," || $0 == " " }.map(String.init))
    }

    /// Every folder below `folder` but `_events`, sorted by name.
    package static func load(from folder: URL) throws(Invalid) -> [ProjectionDefinition] {
        let eventViews = try self.eventViews(from: folder)
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

    /// The typed views of events below `folder`, by name.
    package static func eventViews(from folder: URL) throws(Invalid) -> [String: EventView] {
        let folder = folder.appending(path: "_events")
        var views: [String: EventView] = [:]
        for file in try contents(of: folder) where file.hasSuffix(".sql") {
            let name = String(file.dropLast(4))
            views[name] = try EventView(name: name, text: text(of: folder.appending(path: file)))
        }
        return views
    }

    /// All SQL that makes a build, by file name, as a JSON object with sorted keys: what a definition's hash covers.
    /// Comments, and how the lines are laid out, are not part of it.
    var sources: [UInt8] {
        get throws {
            var files = ["batch.sql": Self.batchView, "tables.sql": tables, "apply.sql": apply]
            if let indexes { files["indexes.sql"] = indexes }
            for (name, view) in eventViews { files["_events/\(name).sql"] = view.sql }
            files = files.mapValues { SQLText($0).statement }
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
    /// events are readings, and many read models are not about them.
    private var skipOthers: String {
        if readsAll || eventViews.isEmpty { return "" }
        let list = eventViews.values.map { "'\($0.type)'" }.sorted().joined(separator: ", ")
        return "if not exists (select from batch where type in (\(list))) then return; end if;"
    }

    /// SQL that fails at an event of a type that the read model is made from, in a schema version that its view does not
    /// show: applied in silence it would be missing, or taken for something else.
    private var refuseUnknownVersions: String {
        if eventViews.isEmpty { return "" }
        return """
            perform refuse_schema_version(type, schema_version)
            from batch
            where \(eventViews.values.map(\.unknownVersion).sorted().joined(separator: " or "));
            """
    }

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
