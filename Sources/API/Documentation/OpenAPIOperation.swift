import EventSourcing

/// One operation of the document: what its fragment says, with what follows from its route.
struct OpenAPIOperation {
    private let fragment: JSONObject
    private let route: Route
    private let problems: Set<ProblemCode>

    init(_ fragment: JSONObject, of route: Route) throws(OpenAPIDocument.Invalid) {
        self.fragment = fragment
        self.route = route
        let name = "\(route.method.rawValue) \(route.documentedPath)"
        guard fragment["responses"]?.object?.isEmpty == false else { throw .init("\(name) has no responses") }
        var problems = Self.common(to: route, fragment)
        for given in fragment["x-problems"]?.array ?? [] {
            guard let code = given.string.flatMap(ProblemCode.init(rawValue:)) else {
                throw .init("\(name) names a problem that is not in the catalogue: \(given.text)")
            }
            problems.insert(code)
        }
        self.problems = problems
    }

    var document: JSONObject {
        var document = fragment
        document["x-problems"] = nil
        document["description"] = .string(description)
        if !rules.isEmpty { document["x-rules"] = .array(rules) }
        document["parameters"] = .array(
            (fragment["parameters"]?.array ?? [])
                + commonParameters.map { ["$ref": .string("#/components/parameters/\($0)")] })
        if let permission = route.access.permission {
            document["x-permission"] = .string(permission.rawValue)
            document["security"] = [["bearer": []]]
        } else {
            document["security"] = []
        }
        var responses = (fragment["responses"]?.object ?? [:]).mapValues(headed)
        for (status, codes) in Dictionary(grouping: problems, by: \.status.code).sorted(by: { $0.key < $1.key }) {
            responses[String(status)] = response(codes.sorted { $0.rawValue < $1.rawValue })
        }
        document["responses"] = .object(responses)
        return document
    }

    private var isCommand: Bool { ![.get, .head].contains(route.method) }

    private var commonParameters: [String] {
        let takesPosition = isCommand ? ["min_position", "Footfall-Position"] : waits ? ["Footfall-Position"] : []
        return ["X-Request-ID"] + takesPosition + (isCommand ? ["Footfall-Causation"] : [])
            + (route.method == .post ? ["Idempotency-Key"] : [])
    }

    /// Whether it is a read that waits for a position.
    private var waits: Bool {
        fragment["parameters"]?.array?.contains(["$ref": "#/components/parameters/min_position"]) == true
    }

    /// What the fragment says, with the rules that a schema cannot.
    private var description: String {
        let lines = rules.compactMap { rule in
            rule["rule"]?.string.map { "- `\((rule["at"] ?? rule["problem"])?.string ?? "")`: \($0)" }
        }
        let text = fragment["description"]?.string ?? ""
        return lines.isEmpty ? text : "\(text)\n\nBeyond the schema (422):\n\n" + lines.joined(separator: "\n")
    }

    /// What the fragment says, with the rules that follow from waiting for a position and from keys.
    private var rules: [JSON] {
        let given = fragment["x-rules"]?.array ?? []
        let reached: JSON = [
            "at": "min_position", "code": "out_of_range", "rule": "The position is one that the log reaches in time.",
        ]
        let keyed: JSON = [
            "problem": "idempotency_key_reused", "rule": "An Idempotency-Key stands for one address and body.",
        ]
        return given + (waits || isCommand ? [reached] : []) + (route.method == .post ? [keyed] : [])
    }

    /// The problems of every operation of its kind.
    private static func common(to route: Route, _ fragment: JSONObject) -> Set<ProblemCode> {
        var common: Set<ProblemCode> = [
            .malformedRequest, .malformedHeader, .requestTimeout, .bodyTooLarge, .addressTooLong, .headersTooLarge,
            .expectationFailed, .internalError, .overloaded,
        ]
        if route.access != .open {
            common.formUnion([
                .unauthenticated, .forbidden, .validationFailed, .rateLimited, .databaseUnavailable,
                .identityUnavailable,
            ])
        }
        if route.access.isAboutACamera { common.formUnion([.cameraNotFound, .readModelBehind]) }
        if route.method == .post { common.formUnion([.requestUnderWay, .idempotencyKeyReused, .bodyTooLarge]) }
        if fragment["requestBody"] != nil {
            common.formUnion([.malformedJSON, .unsupportedMediaType])
        }
        return common
    }

    /// A response with the headers that every answer has.
    private func headed(_ response: JSON) -> JSON {
        guard var members = response.object else { return response }
        var headers = members["headers"]?.object ?? [:]
        var names = ["X-Request-ID"]
        if route.access != .open { names += ["RateLimit-Policy", "RateLimit"] }
        if route.method == .post { names.append("Idempotency-Replayed") }
        for name in names { headers[name] = ["$ref": .string("#/components/headers/\(name)")] }
        members["headers"] = .object(headers)
        return .object(members)
    }

    /// The answer that problems of one status come in.
    private func response(_ codes: [ProblemCode]) -> JSON {
        let examples = codes.map { code in
            (code.rawValue, ["$ref": .string("#/components/examples/\(code.rawValue)")] as JSON)
        }
        var response: JSONObject = [
            "description": .string(
                codes.map { "[`\($0.rawValue)`](/docs/problems/\($0.rawValue)): \($0.title)." }
                    .joined(separator: "\n\n")),
            "content": [
                "application/problem+json": [
                    "schema": ["$ref": "#/components/schemas/Problem"],
                    "examples": .object(JSONObject(uniqueKeysWithValues: examples)),
                ]
            ],
        ]
        if codes.contains(where: { $0.example.headers[.retryAfter] != nil }) {
            response["headers"] = ["Retry-After": ["$ref": "#/components/headers/Retry-After"]]
        }
        return headed(.object(response))
    }
}
