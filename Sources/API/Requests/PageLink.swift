import Foundation

/// The `Link` header (RFC 8288) to a list's next page.
enum PageLink {
    /// - Parameters:
    ///   - path: below `Route.base`.
    ///   - parameters: those without a value are left out.
    static func next(_ path: String, _ parameters: [(name: String, value: String?)]) -> String {
        let unreserved = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
        let query = parameters.compactMap { name, value in
            value.map { "\(name)=\($0.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "")" }
        }
        return "<\(Route.base)\(path)?\(query.joined(separator: "&"))>; rel=\"next\""
    }
}
