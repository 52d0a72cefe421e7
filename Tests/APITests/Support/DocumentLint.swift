import EventSourcing

/// What the OpenAPI document owes its readers, and generators of clients, beyond being valid: see `openapi/README.md`.
struct DocumentLint {
    private let document: JSON
    /// Each with its place first.
    private(set) var faults: [String] = []

    init(_ document: JSON) {
        self.document = document
        for (path, item) in document["paths"]?.object ?? [:] {
            for (method, operation) in item.object ?? [:] { check(operation, "\(method) \(path)") }
        }
        for kind in ["parameters", "headers"] {
            for (name, part) in document["components"]?[kind]?.object ?? [:] { checkDescription(of: part, name) }
        }
        for (name, parameter) in document["components"]?["parameters"]?.object ?? [:] {
            checkExample(of: parameter, name)
        }
        for (name, schema) in schemas {
            checkDescription(of: schema, name)
            for (member, property) in schema["properties"]?.object ?? [:] where property["$ref"] == nil {
                checkDescription(of: property, "\(name).\(member)")
            }
            check(schema, name, isNamed: true)
        }
        checkClosing()
        faults.sort()
    }

    private var schemas: JSONObject { document["components"]?["schemas"]?.object ?? [:] }

    private mutating func check(_ operation: JSON, _ name: String) {
        checkDescription(of: operation, name)
        if operation["summary"]?.string?.isEmpty != false { faults.append("\(name) has no summary") }
        for parameter in operation["parameters"]?.array ?? [] where parameter["$ref"] == nil {
            checkDescription(of: parameter, "\(name) \(parameter["name"]?.string ?? "")")
            checkExample(of: parameter, "\(name) \(parameter["name"]?.string ?? "")")
            check(parameter["schema"] ?? .null, name, isNamed: false)
        }
        check(operation["requestBody"]?["content"], "\(name) request")
        for (status, response) in operation["responses"]?.object ?? [:] {
            checkDescription(of: response, "\(name) \(status)")
            check(response["content"], "\(name) \(status)")
        }
    }

    private mutating func check(_ content: JSON?, _ name: String) {
        for (type, media) in content?.object ?? [:] {
            checkExample(of: media, "\(name) \(type)")
            check(media["schema"] ?? .null, name, isNamed: false)
        }
    }

    private mutating func checkDescription(of part: JSON, _ name: String) {
        if part["description"]?.string?.isEmpty != false { faults.append("\(name) has no description") }
    }

    private mutating func checkExample(of part: JSON, _ name: String) {
        if part["example"] == nil, part["examples"]?.object?.isEmpty != false {
            faults.append("\(name) has no example")
        }
    }

    /// What generators stumble over.
    private mutating func check(_ schema: JSON, _ name: String, isNamed: Bool) {
        guard let members = schema.object else { return }
        if members["$ref"] != nil, members.count > 1 { faults.append("\(name) has members beside $ref") }
        if members["properties"] != nil {
            if !isNamed { faults.append("\(name) has an object without a name") }
            if ["anyOf", "oneOf", "allOf"].contains(where: { members[$0] != nil }) {
                faults.append("\(name) has branches beside properties")
            }
        }
        if ["pattern", "minLength", "maxLength"].contains(where: { members[$0] != nil }), !Self.isText(schema) {
            faults.append("\(name) has a rule for texts and is none")
        }
        if case .bool = members["items"] { faults.append("\(name) has items that are no schema") }
        for part in Self.parts(of: schema) { check(part, name, isNamed: false) }
    }

    private static func isText(_ schema: JSON) -> Bool {
        schema["type"] == "string" || schema["type"]?.array?.contains("string") == true
    }

    /// The schemas that a schema is made of.
    private static func parts(of schema: JSON) -> [JSON] {
        let branches = ["anyOf", "oneOf", "allOf", "prefixItems"].flatMap { schema[$0]?.array ?? [] }
        let inner = ["items", "additionalProperties"].compactMap { schema[$0] }
        return branches + inner + Array((schema["properties"]?.object ?? [:]).values)
    }

    /// Requests have no members but those that are named, answers may have more: so no object is both.
    private mutating func checkClosing() {
        var (given, shown): (Set<String>, Set<String>) = ([], [])
        for item in (document["paths"]?.object ?? [:]).values {
            for operation in (item.object ?? [:]).values {
                for media in (operation["requestBody"]?["content"]?.object ?? [:]).values {
                    note(media["schema"] ?? .null, in: &given)
                }
                for response in (operation["responses"]?.object ?? [:]).values {
                    for media in (response["content"]?.object ?? [:]).values {
                        note(media["schema"] ?? .null, in: &shown)
                    }
                }
            }
        }
        for (name, schema) in schemas where schema["properties"] != nil {
            let isClosed = schema["additionalProperties"] == false
            if given.contains(name), !isClosed { faults.append("\(name) is given and not closed") }
            if shown.contains(name), isClosed { faults.append("\(name) is shown and closed") }
            if !given.contains(name), !shown.contains(name) { faults.append("\(name) is used by nothing") }
        }
    }

    /// The names of the schemas that one leads to.
    private func note(_ schema: JSON, in names: inout Set<String>) {
        if let name = schema["$ref"]?.string?.split(separator: "/").last.map(String.init), names.insert(name).inserted {
            note(schemas[name] ?? .null, in: &names)
        }
        for part in Self.parts(of: schema) { note(part, in: &names) }
    }
}
