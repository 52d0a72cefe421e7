import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import Mustache

/// What the server says of itself: the OpenAPI document, a page to browse it with, and a page for each problem. All of
/// it is made once, at start-up, and kept in memory: a request's path is never a file's.
package struct Documentation: Sendable {
    let document: OpenAPIDocument
    private let documentFile: ServedFile
    private let page: ServedFile
    private let assets: [String: ServedFile]
    private let problems: ProblemPages

    /// - Parameters:
    ///   - folder: `openapi/` of the release.
    ///   - swaggerUI: where tools/setup puts the files of Swagger UI; where they are not, the page says so.
    init(folder: URL, swaggerUI: URL, routes: [Route]) throws {
        document = try OpenAPIDocument(fragmentsIn: folder, routes: routes)
        documentFile = ServedFile(document.json.bytes, type: "application/json", caching: .revalidated)
        let pages = folder.appending(path: "pages")
        var assets = ["pages.css": try Self.asset("pages.css", in: pages, type: "text/css; charset=utf-8")]
        for (name, type) in Self.bundle {
            assets[name] = try? Self.asset(name, in: swaggerUI, type: type)  // absent: the page says how to get it
        }
        let isBrowsable = Self.bundle.allSatisfy { assets[$0.name] != nil }
        if isBrowsable {
            assets["docs.js"] = try Self.asset("docs.js", in: pages, type: "text/javascript; charset=utf-8")
        }
        self.assets = assets
        let library = try PageTemplates(folder: pages)
        page = .page(try library.render("docs", ["browsable": isBrowsable]))
        problems = try ProblemPages(library)
    }

    /// The files of Swagger UI that the page loads.
    private static let bundle = [
        (name: "swagger-ui.css", type: "text/css; charset=utf-8"),
        (name: "swagger-ui-bundle.js", type: "text/javascript; charset=utf-8"),
        (name: "LICENSE", type: "text/plain; charset=utf-8"),
    ]

    private static func asset(_ name: String, in folder: URL, type: String) throws -> ServedFile {
        ServedFile([UInt8](try Data(contentsOf: folder.appending(path: name))), type: type, caching: .day)
    }

    /// At the root, beside the API.
    var routes: [Route] {
        [
            Route(.get, "/openapi.json", .open) { request, _ in try documentFile.answer(request) },
            Route(.get, "/docs", .open) { request, _ in try page.answer(request) },
            Route(.get, "/docs/assets/:file", .open) { request, context in
                guard let asset = assets[context.parameters.get("file") ?? ""] else {
                    throw Problem(.routeNotFound, "The pages use no such file.")
                }
                return try asset.answer(request)
            },
            Route(.get, "/docs/problems", .open) { request, _ in try problems.list(request) },
            Route(.get, "/docs/problems/:code", .open) { request, context in
                try problems.show(context.parameters.get("code") ?? "", request)
            },
        ]
    }
}

extension Backend {
    /// Has the documentation served too.
    ///
    /// - Parameters:
    ///   - folder: `openapi/` of the release.
    ///   - swaggerUI: where tools/setup puts the files of Swagger UI.
    /// - Throws: where the fragments and the routes do not fit together.
    package mutating func addDocumentation(from folder: URL, swaggerUI: URL) throws {
        documentation = try Documentation(folder: folder, swaggerUI: swaggerUI, routes: routes)
    }
}
