import HTTPTypes
import Hummingbird

/// Tells a method that a path does not have from a path that there is not: answers 405 with what is allowed there, to
/// whatever method.
struct KnownPaths: RouterMiddleware {
    private struct Path {
        /// nil stands for any text.
        let segments: [Substring?]
        var methods: Set<HTTPRequest.Method>

        func matches(_ segments: [Substring]) -> Bool {
            self.segments.count == segments.count
                && zip(self.segments, segments).allSatisfy { known, given in known == nil || known == given }
        }
    }

    private let paths: [Path]

    init(_ routes: [Route]) {
        paths = Dictionary(grouping: routes, by: \.path).map { path, routes in
            var methods = Set(routes.map(\.method))
            if methods.contains(.get) { methods.insert(.head) }
            return Path(segments: Self.segments(path).map { $0.hasPrefix(":") ? nil : $0 }, methods: methods)
        }
    }

    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/") }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPError where error.status == .notFound {
            let segments = Self.segments(request.uri.path)
            let methods = paths.filter { $0.matches(segments) }.map(\.methods).reduce(Set()) { $0.union($1) }
            if methods.isEmpty { throw error }
            let names = methods.map(\.rawValue).sorted().joined(separator: ", ")
            throw Problem(.methodNotAllowed, "Allowed here: \(names).", headers: [.allow: names])
        }
    }
}
