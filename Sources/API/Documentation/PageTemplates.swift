import Foundation
import Mustache

/// The Mustache templates of the pages; what is put into them is escaped for HTML.
struct PageTemplates {
    private let library: MustacheLibrary

    /// - Parameter folder: holds one file a template: `NAME.mustache`.
    init(folder: URL) throws {
        var templates: [String: MustacheTemplate] = [:]
        for name in ["docs", "head", "problem", "problems"] {
            let text = try String(contentsOf: folder.appending(path: "\(name).mustache"), encoding: .utf8)
            templates[name] = try MustacheTemplate(string: text)
        }
        library = MustacheLibrary(templates: templates)
    }

    func render(_ name: String, _ values: [String: Any]) throws(OpenAPIDocument.Invalid) -> String {
        guard let page = library.render(values, withTemplate: name) else { throw .init("no template \(name)") }
        return page
    }
}
