import Counting
import EventSourcing

extension EventDeclaration {
    /// Where an event's data is not what is declared, each with the member's path; empty where it is.
    package func faults(of data: JSON, schemaVersion: Int16) -> [String] {
        MemberType.object(members).faults(of: data, at: "", schemaVersion)
    }

    /// The paths of all members, those of objects within them too: `lines[].name`.
    package var paths: Set<String> { MemberType.object(members).paths(below: "") }

    /// The paths of the members that an event's data has, as `paths` names them.
    package func paths(in data: JSON) -> Set<String> { MemberType.object(members).paths(in: data, below: "") }
}

extension MemberType {
    fileprivate func faults(of json: JSON, at path: String, _ version: Int16) -> [String] {
        switch self {
        case .object(let members):
            guard let object = json.object else { return ["\(path) is no object"] }
            let undeclared = object.keys.filter { name in
                !members.contains { $0.name == name && $0.versions.contains(version) }
            }
            let missing = members.filter { $0.isRequired(in: version) && object[$0.name] == nil }
            let inner = members.flatMap { member in
                object[member.name].map { member.type.faults(of: $0, at: "\(path).\(member.name)", version) } ?? []
            }
            return undeclared.map { "\(path).\($0) is not declared" } + missing.map { "\(path).\($0.name) is missing" }
                + inner
        case .list(let element, let counts):
            guard let elements = json.array, counts.contains(elements.count) else { return ["\(path) is no such list"] }
            return elements.flatMap { element.faults(of: $0, at: "\(path)[]", version) }
        default: return fits(json) ? [] : ["\(path) is \(json.text), which is no \(self)"]
        }
    }

    private func fits(_ json: JSON) -> Bool {
        switch self {
        case .integer(let bounds): json.integer.map(bounds.contains) ?? false
        case .number(let bounds, let excludesLowest):
            json.number.map { bounds.contains($0) && !(excludesLowest && $0 == bounds.lowerBound) } ?? false
        case .text(let lengths):
            json.string.map { lengths?.contains($0.unicodeScalars.count) ?? true } ?? false
        case .choice(let names): json.string.map(names.contains) ?? false
        case .flag: json.bool != nil
        case .time: json.string.flatMap(Timestamp.init(rfc3339:)) != nil
        case .streamURL, .secretPath: json.string != nil
        case .freeform, .object: json.object != nil
        case .list: json.array != nil
        }
    }

    fileprivate func paths(below path: String) -> Set<String> {
        switch self {
        case .object(let members):
            members.reduce(into: []) { paths, member in
                paths.insert(path + member.name)
                paths.formUnion(member.type.paths(below: "\(path)\(member.name)."))
            }
        case .list(let element, _): element.paths(below: path.dropLast() + "[].")
        default: []
        }
    }

    fileprivate func paths(in json: JSON, below path: String) -> Set<String> {
        switch self {
        case .object(let members):
            members.reduce(into: []) { paths, member in
                guard let value = json[member.name] else { return }
                paths.insert(path + member.name)
                paths.formUnion(member.type.paths(in: value, below: "\(path)\(member.name)."))
            }
        case .list(let element, _):
            (json.array ?? []).reduce(into: []) { $0.formUnion(element.paths(in: $1, below: path.dropLast() + "[].")) }
        default: []
        }
    }
}

extension EventMember {
    /// Whether it is a member of the data, and not only a column that is made from another one.
    package var isStored: Bool {
        if case .secretPath = type { return false }
        return true
    }
}

extension EventType {
    /// An event with every member that one of the type ever had.
    package var withEveryMember: NewEvent {
        NewEvent(
            type: rawValue, schemaVersion: schemaVersions.upperBound,
            data: MemberType.object(declaration.members.filter(\.isStored)).sample("data"))
    }
}

extension MemberType {
    /// A value that keeps the bounds; texts say the name.
    fileprivate func sample(_ name: String) -> JSON {
        switch self {
        case .integer(let bounds): .integer(bounds.contains(3) ? 3 : bounds.upperBound)
        case .number(let bounds, _): .number(min(bounds.upperBound, 0.75))
        case .text: .string(name)
        case .choice(let names): .string(names.last ?? name)
        case .flag: true
        case .time: "2026-03-29T00:30:00.250000Z"
        case .streamURL, .secretPath: "file:///clips/a.avi"
        case .freeform: ["floor": 2]
        case .object(let members):
            .object(members.reduce(into: [:]) { $0[$1.name] = $1.type.sample($1.name) })
        case .list(let element, let counts):
            .array(Array(repeating: element.sample(name), count: max(1, counts.lowerBound)))
        }
    }
}
