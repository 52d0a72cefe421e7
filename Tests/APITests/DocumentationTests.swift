import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Release
import TestSupport
import Testing

@testable import API

@Suite struct DocumentationTests {
    @Test func documentHasEveryRouteAndNoOther() async throws {
        try await withDocumentation { api in
            let answer = try await api.root("/openapi.json")
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer["info"]?["version"]?.string == Release.version)
            let paths = try #require(answer["paths"]?.object)
            let documented = paths.flatMap { path, item in
                (item.object ?? [:]).keys.map { "\($0) \(path)" }
            }
            let routes = api.backend.routes.map { "\($0.method.rawValue.lowercased()) \($0.documentedPath)" }
            #expect(Set(documented) == Set(routes))
            #expect(documented.count == routes.count)
        }
    }

    @Test func operationSaysWhatItTakesAndHowItFails() async throws {
        try await withDocumentation { api in
            let operation = try await api.root("/openapi.json")["paths"]?["/cameras/{id}/start"]?["post"]
            #expect(operation?["x-permission"] == "camera:control")
            #expect(operation?["security"] == [["bearer": []]])
            let gone = operation?["responses"]?["410"]?["content"]?["application/problem+json"]
            #expect(gone?["examples"]?["camera_removed"]?["$ref"] == "#/components/examples/camera_removed")
        }
    }

    @Test func everyProblemHasAnExampleThatNamesIt() async throws {
        try await withDocumentation { api in
            let examples = try await api.root("/openapi.json")["components"]?["examples"]
            for code in ProblemCode.allCases {
                #expect(examples?[code.rawValue]?["value"]?["code"]?.string == code.rawValue)
            }
        }
    }

    @Test func fragmentsThatDoNotFitTheRoutesAreRefused() async throws {
        try await withDocumentation { api in
            var fragments = OpenAPIFragments()
            try fragments.add(
                ["paths": ["/nothing": ["get": ["operationId": "a", "responses": ["204": [:]]]]]], from: "a.json")
            let error = #expect(throws: OpenAPIDocument.Invalid.self) {
                try OpenAPIDocument(fragments, routes: [])
            }
            #expect(error?.description == "openapi/: there is no route for the operation get /nothing")
            #expect(throws: OpenAPIDocument.Invalid.self) {
                try OpenAPIDocument(OpenAPIFragments(), routes: api.backend.routes)
            }
        }
    }

    @Test func sameNameTwiceIsRefused() throws {
        var fragments = OpenAPIFragments()
        try fragments.add(["components": ["schemas": ["A": true]]], from: "a.json")
        #expect(throws: OpenAPIDocument.Invalid.self) {
            try fragments.add(["components": ["schemas": ["A": true]]], from: "b.json")
        }
    }

    @Test func knownDocumentIsNotSentAgain() async throws {
        try await withDocumentation { api in
            let tag = try #require(try await api.root("/openapi.json").eTag)
            let again = try await api.root("/openapi.json", headers: [.ifNoneMatch: tag])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(again.eTag == tag)
        }
    }

    @Test func pageSaysHowToGetWhatBrowsesTheDocument() async throws {
        try await withDocumentation { api in
            let page = try await api.root("/docs")
            #expect(page.header("Content-Type") == "text/html; charset=utf-8")
            #expect(page.header("Content-Security-Policy")?.contains("script-src 'self'") == true)
            #expect(page.body.contains("tools/swagger-ui"))
            #expect(!page.body.contains("<script"))
        }
    }

    @Test(arguments: ["..%2f..%2fopenapi%2fcameras.json", "../../openapi/cameras.json", "docs.mustache", ""])
    func onlyThePagesOwnFilesAreServed(name: String) async throws {
        try await withDocumentation { api in
            try await api.root("/docs/assets/\(name)").expectProblem(404, "route_not_found")
        }
    }

    @Test(arguments: ProblemCode.allCases)
    func problemHasAPage(code: ProblemCode) async throws {
        try await withDocumentation { api in
            let page = try await api.root("/docs/problems/\(code.rawValue)", headers: [.accept: "text/html, */*;q=0.1"])
            #expect(page.status == 200)
            #expect(page.body.contains(code.rawValue))
            let json = try await api.root("/docs/problems/\(code.rawValue)", headers: [.accept: "application/json"])
            #expect(json["example"]?["type"]?.string == "/docs/problems/\(code.rawValue)")
            #expect(json["status"]?.integer == Int64(code.status.code))
            #expect(try await api.root("/docs/problems").body.contains("/docs/problems/\(code.rawValue)\""))
        }
    }

    @Test func unknownProblemIsNotFound() async throws {
        try await withDocumentation { api in
            try await api.root("/docs/problems/nothing").expectProblem(404, "route_not_found")
        }
    }

    /// It shows what comes with a problem, which the title does not.
    @Test(arguments: ProblemCode.allCases) func everyProblemHasAnExampleOfItsOwn(_ code: ProblemCode) {
        let example = code.example
        #expect(example.code == code)
        #expect(example.detail.hasSuffix("."))
        #expect(example.detail != "\(code.title).")
        #expect(ProblemCode.allCases.count { $0.example.document == example.document } == 1)
    }
}

/// The API with its documentation, and a database that is not there.
private struct DocumentedAPI: Sendable {
    let client: any TestClientProtocol
    let backend: Backend

    func root(_ path: String, headers: HTTPFields = [:]) async throws -> Answer {
        Answer(try await client.execute(uri: path, method: .get, headers: headers, body: nil))
    }
}

/// - Parameter swaggerUI: the folder of the pages that the document is browsed with; by default one that is not there.
private func withDocumentation(
    swaggerUI: URL = URL(filePath: "/nonexistent"), _ body: @Sendable (DocumentedAPI) async throws -> Void
) async throws {
    let backend = try Backend.documented(swaggerUI: swaggerUI)
    let application = Application(router: backend.makeRouter(), logger: .silent)
    try await application.test(.router) { try await body(DocumentedAPI(client: $0, backend: backend)) }
}
