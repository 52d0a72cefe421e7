import Access
import Counting
import EventSourcing
import Postgres

/// Which cameras a list shows: what was asked for, within what the principal may see.
struct CameraFilters {
    /// As it is now: `CameraStanding` says how it is found.
    let status: CameraStatus?
    private let desiredState: DesiredState?
    private let streamType: StreamType?
    private let worker: WorkerID?
    private let location: String?
    private let locationPrefix: String?
    private let search: String?
    private let metadata: [MetadataFilter]
    private let scope: Scope

    static func read(_ query: Query, scope: Scope) -> Field<CameraFilters> {
        let status = query.optional("status", CameraStatus.init(choosing:))
        let desiredState = query.optional("desired_state", DesiredState.init(choosing:))
        let streamType = query.optional("stream_type", StreamType.init(choosing:))
        let worker = query.optional("worker_id", WorkerID.init)
        let location = query.optional("location", QueryRule.text)
        let locationPrefix = query.optional("location_prefix", QueryRule.text)
        let search = query.optional("search", QueryRule.text)
        let metadata = MetadataFilter.read(query)
        return query.make(at: "status") {
            CameraFilters(
                status: try status.get(), desiredState: try desiredState.get(), streamType: try streamType.get(),
                worker: try worker.get(), location: try location.get(), locationPrefix: try locationPrefix.get(),
                search: try search.get(), metadata: try metadata.get(), scope: scope)
        }
    }

    /// What was asked for, as parameters of the address.
    var given: [(String, String)] {
        [
            ("status", status?.rawValue), ("desired_state", desiredState?.rawValue),
            ("stream_type", streamType?.rawValue), ("worker_id", worker?.text), ("location", location),
            ("location_prefix", locationPrefix), ("search", search),
        ].compactMap { name, value in value.map { (name, $0) } } + metadata.map(\.given)
    }

    /// Whether texts or metadata are searched.
    var isSearch: Bool { !metadata.isEmpty || [locationPrefix, search].contains { $0?.isEmpty == false } }

    /// SQL for how many cameras there are, where a table has that: else they are counted.
    var totals: String? {
        guard scope == .all, worker == nil, streamType == nil, location == nil, !isSearch else { return nil }
        // Both are names of the domain, not the client's text.
        let conditions = [
            status.map { "status = '\($0.rawValue)'" }, desiredState.map { "desired_state = '\($0.rawValue)'" },
        ].compactMap(\.self)
        let filter = conditions.isEmpty ? "" : " where \(conditions.joined(separator: " and "))"
        let total = "(select sum(cameras)::bigint from read.camera_totals\(filter))"
        // The table counts cameras by the last word on them.
        switch status {
        case .online: return "(\(total) - \(silent))"
        case .offline: return "(\(total) + \(silent))"
        case .maintenance, .error, nil: return total
        }
    }

    /// SQL for how many cameras are online by the last word on them and have gone silent.
    private var silent: String {
        guard let desiredState else { return "(select count(*) from (\(CameraStanding.silent)) as silent)" }
        return """
            (
              select count(*) from read.camera_state
              where camera_id in (\(CameraStanding.silent)) and desired_state = '\(desiredState.rawValue)'
            )
            """
    }

    /// SQL on `camera`, a row of `read.camera_state`; one for each filter that is given, but for the status.
    /// - Parameter bind: binds a value and gives the name of its parameter.
    func conditions(_ bind: (Parameter) -> String) -> [String] {
        var conditions: [String] = []
        if let desiredState { conditions.append("desired_state = \(bind(.text(desiredState.rawValue)))") }
        if let streamType { conditions.append("stream_type = \(bind(.text(streamType.rawValue)))") }
        if let worker { conditions.append("worker_id = \(bind(.text(worker.text)))") }
        if let location { conditions.append("camera.location = \(bind(.text(location)))") }
        if let locationPrefix { conditions += Self.begins("lower(location)", with: locationPrefix, bind) }
        if let search {
            conditions += Self.contains(#"lower(name || E'\n' || coalesce(description, ''))"#, search, bind)
        }
        conditions += metadata.map { $0.condition(bind) }
        return conditions + ScopeCondition.conditions(scope, bind)
    }

    /// SQL that a text, in lower case already, has the pattern in it, in any case. The expressions are those of the
    /// index: trigrams find what has three letters or digits in a row, short_texts what has not.
    private static func contains(_ text: String, _ pattern: String, _ bind: (Parameter) -> String) -> [String] {
        switch pattern.unicodeScalars.count {
        case 0: return []
        case 1, 2: return ["short_texts(\(text)) @> array[lower(\(bind(.text(pattern))))]"]
        default:
            if !hasTrigram(pattern) {
                // Not like: the index would be gone through as a whole for a pattern of which it has no trigram.
                let part = "lower(\(bind(.text(pattern))))"
                return ["short_texts(\(text)) @> short_texts(\(part))", "strpos(\(text), \(part)) > 0"]
            }
            return ["\(text) like lower(\(bind(.text("%\(escaped(pattern))%"))))"]
        }
    }

    /// SQL that a text begins with the pattern, in any case: found by having it, by the same indexes.
    private static func begins(_ text: String, with pattern: String, _ bind: (Parameter) -> String) -> [String] {
        if pattern.isEmpty { return [] }
        return contains(text, pattern, bind) + ["\(text) like lower(\(bind(.text("\(escaped(pattern))%"))))"]
    }

    private static func escaped(_ pattern: String) -> String {
        var escaped = ""
        for character in pattern.unicodeScalars {
            if character == "%" || character == "_" || character == "\\" { escaped.unicodeScalars.append("\\") }
            escaped.unicodeScalars.append(character)
        }
        return escaped
    }
}

extension CameraFilters {
    /// Whether PostgreSQL makes a trigram of the pattern, for certain: it makes them of words.
    private static func hasTrigram(_ pattern: String) -> Bool {
        var run = 0
        for scalar in pattern.unicodeScalars {
            run = scalar.properties.isAlphabetic || scalar.properties.numericType != nil ? run + 1 : 0
            if run == 3 { return true }
        }
        return false
    }
}
