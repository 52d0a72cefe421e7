import Counting
import Foundation
import Hummingbird

/// Which part of a list is asked for.
struct ListPage {
    static let maximumLimit: Int64 = 100

    let skip: Int64
    let limit: Int64
    /// Where the page begins, for who goes by cursors; nil for who skips.
    let start: ListCursor.Start?
    let minimumPosition: Int64?

    /// The page that a request asks for, which takes no other parameters.
    static func read(_ request: Request, limit: Int64 = 10) throws(Problem) -> ListPage {
        try Query.read(request) { read($0, limit: limit) }
    }

    /// - Parameter limit: where none is given.
    static func read(_ query: Query, limit standard: Int64 = 10) -> Field<ListPage> {
        let skip = query.optional("skip", QueryRule.integer(in: 0...Int64.max))
        let start = query.optional("after", ListCursor.Start.init(_:))
        let limit = query.value("limit", default: standard, QueryRule.integer(in: 1...maximumLimit))
        let minimum = query.minimumPosition()
        return query.make(at: "after") {
            let (skip, start) = (try skip.get(), try start.get())
            if skip != nil, start != nil { throw InvalidValue(.tooMany, "skip and after exclude one another.") }
            return ListPage(
                skip: skip ?? 0, limit: try limit.get(), start: start, minimumPosition: try minimum.get())
        }
    }

    /// The cursor of the page, which must be one of a list in this order.
    /// - Parameters:
    ///   - order: what the list is ordered by.
    ///   - isValid: whether a cursor's value and id are such as the list has.
    func cursor(of order: String, isValid: (ListCursor) -> Bool) throws(InvalidValue) -> ListCursor? {
        guard let cursor = start?.cursor else { return nil }
        guard cursor.order == order, isValid(cursor) else {
            throw InvalidValue(.malformed, "This cursor is of a list in another order.")
        }
        return cursor
    }

    /// The cursor of a list in the order of ids alone.
    /// - Parameter isID: whether a text is an id of the list.
    func cursor(isID: (String) -> Bool) throws(Problem) -> ListCursor? {
        do throws(InvalidValue) {
            return try cursor(of: Self.byID) { $0.value == nil && isID($0.id) }
        } catch {
            throw .validationFailed([Fault(at: .parameter("after"), error)])
        }
    }

    /// The cursor of the last item of such a list, where more follow.
    func next(after id: String?) -> ListCursor? {
        start == nil ? nil : id.map { ListCursor(order: Self.byID, value: nil, id: $0) }
    }

    private static let byID = "id"

    /// What an answer says of the next page beside its items, with a comma before it: where cursors are asked for, the
    /// cursor that it begins after, or null.
    func member(next: ListCursor?) -> String {
        start == nil ? "" : #","next_after":\#(next.map { "\"\($0.token)\"" } ?? "null")"#
    }

    /// The `Link` header (RFC 8288) with the first, previous, next and last page, as far as there are any; with the first
    /// and the next one for who goes by cursors.
    /// - Parameters:
    ///   - path: below `Route.base`.
    ///   - parameters: those beside skip and limit.
    func links(
        _ path: String, total: Int64, next: ListCursor? = nil, _ parameters: [(String, String)] = []
    ) -> String {
        let others = parameters.map { name, value in
            "&\(name)=\(value.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? "")"
        }.joined()
        let link = { (place: String, relation: String) in
            "<\(Route.base)\(path)?\(place)&limit=\(limit)\(others)>; rel=\"\(relation)\""
        }
        if start != nil {
            return ([("after=", "first")] + (next.map { [("after=\($0.token)", "next")] } ?? []))
                .map { link($0, $1) }.joined(separator: ", ")
        }
        let lastSkip = total == 0 ? 0 : (total - 1) / limit * limit
        var pages: [(relation: String, skip: Int64)] = [("first", 0)]
        if skip > 0 { pages.append(("prev", max(0, min(skip - limit, lastSkip)))) }
        if skip < total - limit { pages.append(("next", skip + limit)) }
        pages.append(("last", lastSkip))
        return pages.map { link("skip=\($0.skip)", $0.relation) }.joined(separator: ", ")
    }

    private static let unreserved = CharacterSet(charactersIn: "-._~").union(
        CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
}
