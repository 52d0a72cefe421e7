import Foundation
import Hummingbird

/// Which part of a list is asked for.
struct ListPage {
    static let maximumLimit: Int64 = 100

    let skip: Int64
    let limit: Int64
    let minimumPosition: Int64?

    /// The page that a request asks for, which takes no other parameters.
    static func read(_ request: Request, limit: Int64 = 10) throws(Problem) -> ListPage {
        try Query.read(request) { read($0, limit: limit) }
    }

    /// - Parameter limit: where none is given.
    static func read(_ query: Query, limit standard: Int64 = 10) -> Field<ListPage> {
        let skip = query.value("skip", default: 0, QueryRule.integer(in: 0...Int64.max))
        let limit = query.value("limit", default: standard, QueryRule.integer(in: 1...maximumLimit))
        let minimum = query.minimumPosition()
        return query.make(at: "skip") {
            ListPage(skip: try skip.get(), limit: try limit.get(), minimumPosition: try minimum.get())
        }
    }

    /// The `Link` header (RFC 8288) with the first, previous, next and last page, as far as there are any.
    /// - Parameters:
    ///   - path: below `Route.base`.
    ///   - parameters: those beside skip and limit.
    func links(_ path: String, total: Int64, _ parameters: [(String, String)] = []) -> String {
        let lastSkip = total == 0 ? 0 : (total - 1) / limit * limit
        var pages: [(relation: String, skip: Int64)] = [("first", 0)]
        if skip > 0 { pages.append(("prev", max(0, min(skip - limit, lastSkip)))) }
        if skip < total - limit { pages.append(("next", skip + limit)) }
        pages.append(("last", lastSkip))
        let others = parameters.map { name, value in
            "&\(name)=\(value.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? "")"
        }.joined()
        return pages.map { page in
            "<\(Route.base)\(path)?skip=\(page.skip)&limit=\(limit)\(others)>; rel=\"\(page.relation)\""
        }.joined(separator: ", ")
    }

    private static let unreserved = CharacterSet(charactersIn: "-._~").union(
        CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
}
