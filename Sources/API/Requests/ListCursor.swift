import Access
import Counting
import EventSourcing

/// Where a page of a list ends: the key of its last item in the list's order. The next page begins after it, whatever
/// was added, removed or moved before it meanwhile; so a walk by cursors leaves out nothing that stays where it is.
struct ListCursor: Hashable {
    /// What the list is ordered by.
    let order: String
    /// The last item's value there, as text, and its id; no value where the id alone orders the list.
    let value: String?
    let id: String

    /// Opaque to anyone who is given it.
    var token: String {
        Base64URL.encode(JSON.array([.string(order), value.map(JSON.string) ?? .null, .string(id)]).bytes)
    }

    init(order: String, value: String?, id: String) {
        self.order = order
        self.value = value
        self.id = id
    }

    init(_ token: String) throws(InvalidValue) {
        guard let bytes = Base64URL.decode(token), let parts = (try? JSON.parse(bytes))?.array, parts.count == 3,
            let order = parts[0].string, let id = parts[2].string, parts[1] == .null || parts[1].string != nil
        else { throw InvalidValue(.malformed, "This is a cursor that a page was answered with, or empty to begin.") }
        self.init(order: order, value: parts[1].string, id: id)
    }

    /// From where a page goes on.
    enum Start: Hashable {
        /// From the list's beginning, by cursors.
        case beginning
        case after(ListCursor)

        init(_ token: String) throws(InvalidValue) {
            self = token.isEmpty ? .beginning : .after(try ListCursor(token))
        }

        var cursor: ListCursor? {
            guard case .after(let cursor) = self else { return nil }
            return cursor
        }
    }
}
