import OrderedCollections

/// The members of a JSON object, in the order in which they were given. Names are told apart by their UTF-8: RFC 8259 knows
/// no other equality (section 8.3).
package struct JSONObject: Hashable, Sendable {
    package typealias Element = (key: String, value: JSON)

    private var members: OrderedDictionary<ExactText, JSON>

    private init(_ members: OrderedDictionary<ExactText, JSON>) { self.members = members }

    package init() { members = [:] }

    package init(minimumCapacity: Int) { members = OrderedDictionary(minimumCapacity: minimumCapacity) }

    /// Of members that have a name in common, `combine` says what is kept.
    package init(
        _ elements: some Sequence<(String, JSON)>, uniquingKeysWith combine: (JSON, JSON) -> JSON
    ) {
        members = OrderedDictionary(elements.lazy.map { (ExactText($0.0), $0.1) }, uniquingKeysWith: combine)
    }

    package init(uniqueKeysWithValues elements: some Sequence<(String, JSON)>) {
        self.init(elements, uniquingKeysWith: { first, _ in first })
    }

    /// A member's value; nil removes the member.
    package subscript(name: String) -> JSON? {
        get { members[ExactText(name)] }
        set { members[ExactText(name)] = newValue }
    }

    /// The members' names.
    package var keys: [String] { members.keys.map(\.text) }

    package var values: [JSON] { Array(members.values) }

    package func index(forKey name: String) -> Int? { members.index(forKey: ExactText(name)) }

    @discardableResult
    package mutating func removeValue(forKey name: String) -> JSON? { members.removeValue(forKey: ExactText(name)) }

    package mutating func sort(by isBefore: (Element, Element) throws -> Bool) rethrows {
        try members.sort { try isBefore(($0.key.text, $0.value), ($1.key.text, $1.value)) }
    }

    package mutating func merge(_ other: JSONObject, uniquingKeysWith combine: (JSON, JSON) -> JSON) {
        members.merge(other.members.lazy.map { ($0.key, $0.value) }, uniquingKeysWith: combine)
    }

    package func merging(_ other: JSONObject, uniquingKeysWith combine: (JSON, JSON) -> JSON) -> JSONObject {
        var merged = self
        merged.merge(other, uniquingKeysWith: combine)
        return merged
    }

    package func mapValues(_ transform: (JSON) throws -> JSON) rethrows -> JSONObject {
        JSONObject(try members.mapValues(transform))
    }

    package func filter(_ isWanted: (Element) throws -> Bool) rethrows -> JSONObject {
        JSONObject(try members.filter { try isWanted(($0.key.text, $0.value)) })
    }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { members.count }

    package subscript(index: Int) -> Element {
        let member = members.elements[index]
        return (member.key.text, member.value)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements, uniquingKeysWith: { _, last in last })
    }
}
