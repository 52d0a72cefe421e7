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

    /// The names of what was asked for, and of what the principal may see.
    var names: [String] {
        given.map(\.0) + ScopeCondition.conditions(scope).map { _ in ScopeCondition.kind(of: scope) }
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

    /// The parameters of a query that `conditions` are part of: it names those of the filters that are given.
    static let parameters: [(key: String, value: ValueType)] =
        [
            ("desired_state", .text), ("stream_type", .text), ("worker", .text), ("location", .text),
            ("location_start", .text), ("location_part", .text), ("search", .text),
        ] + MetadataFilter.parameters + ScopeCondition.parameters

    /// The values of `parameters`.
    var values: [(key: String, value: Parameter)] {
        [
            ("desired_state", .text(desiredState?.rawValue)), ("stream_type", .text(streamType?.rawValue)),
            ("worker", .text(worker?.text)), ("location", .text(location)),
            ("location_start", .text(locationPrefix.map { "\(Self.escaped($0))%" })),
            ("location_part", .text(locationPrefix.map(Self.sought))), ("search", .text(search.map(Self.sought))),
        ] + metadata.enumerated().flatMap { $1.values($0) } + ScopeCondition(scope).values
    }

    /// SQL on `camera`, a row of `read.camera_state`; one for each filter that is given, but for the status.
    var conditions: [String] {
        var conditions: [String] = []
        if desiredState != nil { conditions.append("desired_state = :desired_state") }
        if streamType != nil { conditions.append("stream_type = :stream_type") }
        if worker != nil { conditions.append("worker_id = :worker") }
        if location != nil { conditions.append("camera.location = :location") }
        if let locationPrefix, !locationPrefix.isEmpty {
            // Found by having it, by the same indexes.
            conditions += Self.contains("lower(location)", locationPrefix, in: ":location_part")
            conditions.append("lower(location) like lower(:location_start)")
        }
        if let search {
            conditions += Self.contains(#"lower(name || E'\n' || coalesce(description, ''))"#, search, in: ":search")
        }
        conditions += metadata.enumerated().map { $1.condition($0) }
        return conditions + ScopeCondition.conditions(scope)
    }

    /// SQL that a text, in lower case already, has the pattern in it, in any case. The expressions are those of the
    /// index: trigrams find what has three letters or digits in a row, short_texts what has not.
    /// - Parameter parameter: has the value `sought`.
    private static func contains(_ text: String, _ pattern: String, in parameter: String) -> [String] {
        switch pattern.unicodeScalars.count {
        case 0: []
        case 1, 2: ["short_texts(\(text)) @> array[lower(\(parameter))]"]
        case _ where hasTrigram(pattern): ["\(text) like lower(\(parameter))"]
        // Not like: the index would be gone through as a whole for a pattern of which it has no trigram.
        default:
            [
                "short_texts(\(text)) @> short_texts(lower(\(parameter)))",
                "strpos(\(text), lower(\(parameter))) > 0",
            ]
        }
    }

    /// What `contains` compares with.
    private static func sought(_ pattern: String) -> String { hasTrigram(pattern) ? "%\(escaped(pattern))%" : pattern }

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
