import Counting
import EventSourcing

/// Members of events that schemas of the document have. Beside its own `properties` a schema says
///
///     "x-members-of": "HeartbeatRecorded", "x-without": ["camera_id"]
///
/// and has, besides those that it gives itself, all members that events of the type are written with today, as the
/// event's declaration describes them: number, bounds and meaning. They may be null where the schema is of a request.
/// Texts are given by the schema itself, for their pattern.
enum EventMembers {
    static func added(to schema: JSON, _ name: String) throws(OpenAPIDocument.Invalid) -> JSON {
        guard var members = schema.object, let typeName = members["x-members-of"] else { return schema }
        guard let type = typeName.string.flatMap(EventType.init(rawValue:)) else {
            throw .init("\(name) has the members of \(typeName.text), which is no type of event")
        }
        let without = (members["x-without"]?.array ?? []).compactMap(\.string)
        var properties = members["properties"]?.object ?? [:]
        let isRequest = members["additionalProperties"] == false
        for member in type.declaration.members
        where member.versions.contains(type.schemaVersions.upperBound) && !without.contains(member.name)
            && properties[member.name] == nil
        {
            guard let property = property(member, isRequest: isRequest) else {
                throw .init("\(name) does not give \(member.name) of \(type.rawValue), which is no number")
            }
            properties[member.name] = property
        }
        members["properties"] = .object(properties)
        members["x-members-of"] = nil
        members["x-without"] = nil
        return .object(members)
    }

    /// Nil for what is no number.
    private static func property(_ member: EventMember, isRequest: Bool) -> JSON? {
        var property: JSONObject
        switch member.type {
        case .integer(let bounds):
            property = ["type": "integer", "minimum": .integer(bounds.lowerBound)]
            if bounds.upperBound < .max { property["maximum"] = .integer(bounds.upperBound) }
        case .number(let bounds, let excludesLowest):
            property = ["type": "number"]
            property[excludesLowest ? "exclusiveMinimum" : "minimum"] = number(bounds.lowerBound)
            property["maximum"] = number(bounds.upperBound)
        default: return nil
        }
        if isRequest, member.requiredVersions == nil, let type = property["type"] { property["type"] = [type, "null"] }
        property["description"] = .string(member.meaning)
        return .object(property)
    }

    private static func number(_ value: Double) -> JSON { Int64(exactly: value).map(JSON.integer) ?? .number(value) }
}
