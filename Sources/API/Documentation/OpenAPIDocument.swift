import EventSourcing
import Foundation
import Release

/// The OpenAPI 3.1 document, put together from the fragments in `openapi/` and from the table of routes, so that it
/// names every operation that there is and none besides.
package struct OpenAPIDocument: Sendable {
    /// Why the fragments make no document, for who wrote them.
    package struct Invalid: Error, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = "openapi/: \(description)" }
    }

    package let json: JSON

    /// - Parameters:
    ///   - folder: of the fragments; `openapi/README.md` says what they hold.
    ///   - routes: of which each has one operation in one of the fragments.
    init(fragmentsIn folder: URL, routes: [Route]) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        var fragments = OpenAPIFragments()
        for file in files {
            let (name, text) = (file.lastPathComponent, try Data(contentsOf: file))
            let fragment: JSON
            do { fragment = try JSON.parse(text) } catch { throw Invalid("\(name): \(error)") }
            try fragments.add(fragment, from: name)
        }
        try self.init(fragments, routes: routes)
    }

    init(_ fragments: OpenAPIFragments, routes: [Route]) throws(Invalid) {
        var fragments = fragments
        var paths: JSONObject = [:]
        for route in routes {
            let (path, method) = (route.documentedPath, route.method.rawValue.lowercased())
            guard let operation = fragments.operations.removeValue(forKey: .init(path: path, method: method)) else {
                throw Invalid("no fragment has the operation \(method) \(path)")
            }
            var item = paths[path]?.object ?? [:]
            item[method] = .object(try OpenAPIOperation(operation, of: route).document)
            paths[path] = .object(item)
        }
        if let left = fragments.operations.keys.first {
            throw Invalid("there is no route for the operation \(left.method) \(left.path)")
        }
        var document = fragments.head
        var info = document["info"]?.object ?? [:]
        info["version"] = .string(Release.version)
        document["info"] = .object(info)
        document["paths"] = .object(paths)
        document["components"] = .object(try Self.components(fragments))
        json = .object(document)
        try Self.checkReferences(of: json, in: json)
        try Self.checkOperationIDs(of: paths)
    }

    /// Those of the fragments, and what comes out of the catalogue of problems.
    private static func components(_ fragments: OpenAPIFragments) throws(Invalid) -> JSONObject {
        var components = fragments.components
        var schemas = components["schemas"]?.object ?? [:]
        for (name, schema) in schemas {
            schemas[name] = described(try EventMembers.added(to: schema, name), by: fragments.members)
        }
        components["schemas"] = .object(schemas)
        var examples = components["examples"]?.object ?? [:]
        for code in ProblemCode.allCases {
            examples[code.rawValue] = ["summary": .string(code.title), "value": code.example.document]
        }
        components["examples"] = .object(examples)
        return components
    }

    /// The schema with its members described, as far as it does not do so itself.
    private static func described(_ schema: JSON, by descriptions: JSONObject) -> JSON {
        guard var members = schema.object, var properties = members["properties"]?.object else { return schema }
        for (name, description) in descriptions {
            guard var property = properties[name]?.object, property["description"] == nil, property["$ref"] == nil
            else {
                continue
            }
            property["description"] = description
            properties[name] = .object(property)
        }
        members["properties"] = .object(properties)
        return .object(members)
    }

    /// Every `$ref` leads somewhere in the document itself.
    private static func checkReferences(of value: JSON, in document: JSON) throws(Invalid) {
        switch value {
        case .array(let elements):
            for element in elements { try checkReferences(of: element, in: document) }
        case .object(let members):
            if let reference = members["$ref"]?.string {
                let names = reference.split(separator: "/", omittingEmptySubsequences: false)
                guard names.first == "#",
                    names.dropFirst().reduce(document as JSON?, { $0?[String($1)] }) != nil
                else { throw Invalid("\(reference) leads nowhere") }
            }
            for (name, member) in members where !["example", "examples"].contains(name) || member.array == nil {
                try checkReferences(of: member, in: document)
            }
        case .null, .bool, .integer, .number, .string: return
        }
    }

    private static func checkOperationIDs(of paths: JSONObject) throws(Invalid) {
        var seen: Set<String> = []
        for case .object(let item) in paths.values {
            for operation in item.values {
                guard let id = operation["operationId"]?.string, seen.insert(id).inserted else {
                    throw Invalid("an operationId is missing or used twice: \(operation["operationId"]?.text ?? "")")
                }
            }
        }
    }
}

extension Route {
    /// The path as OpenAPI writes it: `/cameras/{id}`.
    var documentedPath: String { path.replacing(/:([a-z_]+)/) { "{\($0.output.1)}" } }
}
