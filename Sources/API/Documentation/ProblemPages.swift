import EventSourcing
import HTTPTypes
import Hummingbird

/// What each code of the catalogue means, for people as HTML and for programs as JSON.
struct ProblemPages: Sendable {
    private struct Page {
        let html: ServedFile
        let json: ServedFile

        func answer(_ request: Request) throws(Problem) -> Response {
            try (Self.prefersJSON(request) ? json : html).answer(request)
        }

        private static func prefersJSON(_ request: Request) -> Bool {
            let accepted = AcceptedTypes(request)
            return accepted.weight(of: "application/json", "application/problem+json")
                > accepted.weight(of: "text/html")
        }
    }

    private let pages: [ProblemCode: Page]
    private let index: Page

    init(_ templates: PageTemplates) throws {
        var pages: [ProblemCode: Page] = [:]
        for code in ProblemCode.allCases {
            pages[code] = Page(
                html: .page(try templates.render("problem", Self.values(code))), json: Self.json(Self.document(code)))
        }
        self.pages = pages
        let codes = ProblemCode.allCases.sorted { ($0.status.code, $0.rawValue) < ($1.status.code, $1.rawValue) }
        index = Page(
            html: .page(try templates.render("problems", ["problems": codes.map(Self.values)])),
            json: Self.json(["items": .array(codes.map(Self.document))]))
    }

    func list(_ request: Request) throws(Problem) -> Response { try index.answer(request) }

    func show(_ name: String, _ request: Request) throws(Problem) -> Response {
        guard let page = ProblemCode(exactly: name).flatMap({ pages[$0] }) else {
            throw Problem(.routeNotFound, "The catalogue has no such problem; /docs/problems lists them.")
        }
        return try page.answer(request)
    }

    private static func json(_ document: JSON) -> ServedFile {
        ServedFile(document.bytes, type: "application/json", caching: .revalidated, headers: [.vary: "Accept"])
    }

    private static func document(_ code: ProblemCode) -> JSON {
        [
            "code": .string(code.rawValue), "status": .integer(Int64(code.status.code)), "title": .string(code.title),
            "explanation": .string(code.explanation), "example": code.example.document,
        ]
    }

    private static func values(_ code: ProblemCode) -> [String: Any] {
        [
            "code": code.rawValue, "status": code.status.code, "reason": code.status.reasonPhrase, "title": code.title,
            "explanation": code.explanation, "example": code.example.document.indented(),
            "headers": code.example.headers.map { "\($0.name.canonicalName): \($0.value)" },
        ]
    }
}

extension JSON {
    /// The value as text for people, a member or an element a line.
    fileprivate func indented(_ margin: String = "") -> String {
        let inner = margin + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { inner + $0.indented(inner) }.joined(separator: ",\n") + "\n\(margin)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(inner)\(JSON.string($0.key).text): \($0.value.indented(inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
        default: return text
        }
    }
}
