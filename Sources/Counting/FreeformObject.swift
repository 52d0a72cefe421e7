import EventSourcing

/// A JSON object whose members are the caller's own business: at most 16 KiB, written out as it is stored and shown.
///
/// Two objects that say the same are equal, whatever the order of their members and whether a whole number was
/// written as `1` or `1.0`: PostgreSQL's jsonb keeps neither.
package struct FreeformObject: Hashable, Sendable {
    package static let maximumBytes = 16 * 1024
    package static let empty = FreeformObject(stored: [:])

    package let members: JSONObject

    package init(_ members: JSONObject) throws(InvalidValue) {
        let object = FreeformObject(stored: members)
        let size = object.json.bytes.count + object.json.digitsOfExponents
        guard size <= Self.maximumBytes else {
            throw InvalidValue(.tooLarge, "The object takes \(size) bytes of JSON; \(Self.maximumBytes) are allowed.")
        }
        self = object
    }

    package init(stored members: JSONObject) { self.members = members.normalized }

    package var json: JSON { .object(members) }
}

extension JSONObject {
    /// The members in the order in which jsonb keeps them: shorter names first, then by bytes.
    package var inStorageOrder: JSONObject {
        var ordered = self
        ordered.sort { left, right in
            let (leftName, rightName) = (left.key.utf8, right.key.utf8)
            return leftName.count == rightName.count
                ? leftName.lexicographicallyPrecedes(rightName) : leftName.count < rightName.count
        }
        return ordered
    }

    fileprivate var normalized: JSONObject { inStorageOrder.mapValues(\.normalized) }
}

extension JSON {
    /// How many bytes more its numbers take without exponents, as jsonb stores them: `1e308` has 309 digits.
    fileprivate var digitsOfExponents: Int {
        switch self {
        case .number(let value): value.plainDecimal.utf8.count - "\(value)".utf8.count
        case .array(let elements): elements.reduce(0) { $0 + $1.digitsOfExponents }
        case .object(let members): members.values.reduce(0) { $0 + $1.digitsOfExponents }
        case .null, .bool, .integer, .string: 0
        }
    }

    fileprivate var normalized: JSON {
        switch self {
        case .number(let value): Int64(exactly: value).map(JSON.integer) ?? self
        case .array(let elements): .array(elements.map(\.normalized))
        case .object(let members): .object(members.normalized)
        case .null, .bool, .integer, .string: self
        }
    }
}
