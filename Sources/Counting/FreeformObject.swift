import EventSourcing

/// A JSON object whose members are the caller's own business: at most 16 KiB as it was sent, without white space.
///
/// Its numbers are kept as they were written; of the members' order nothing is kept. Two objects are equal where they are
/// written alike.
package struct FreeformObject: Sendable {
    package static let maximumBytes = 16 * 1024
    package static let empty = FreeformObject(stored: [:])

    /// In the order of jsonb.
    package let members: JSONObject

    /// The object as it is stored and shown: as PostgreSQL writes a jsonb value, but for the spelling of its numbers.
    package let text: String

    package init(_ members: JSONObject) throws(InvalidValue) {
        let object = FreeformObject(stored: members)
        let size = object.json.bytes.count
        guard size <= Self.maximumBytes else {
            throw InvalidValue(.tooLarge, "The object takes \(size) bytes of JSON; \(Self.maximumBytes) are allowed.")
        }
        guard object.json.allNumbers(\.fitsNumeric) else {
            throw InvalidValue(.outOfRange, "A number has more digits after the point than can be stored.")
        }
        self = object
    }

    package init(stored members: JSONObject) {
        self.members = members.inOrderThroughout
        var text: [UInt8] = []
        JSON.object(self.members).writeAsPostgres(to: &text)
        self.text = String(decoding: text, as: UTF8.self)
    }

    package var json: JSON { .object(members) }

    /// Whether jsonb gives it back as it is. It does not keep exponents and negative zeros.
    package var isKeptByJSONB: Bool { json.allNumbers(\.isPlainDecimal) }

    /// Whether both say the same, however their numbers are written.
    package func says(what other: FreeformObject) -> Bool {
        members.mapValues(\.withPlainIntegers) == other.members.mapValues(\.withPlainIntegers)
    }
}

extension FreeformObject: Hashable {
    package static func == (left: FreeformObject, right: FreeformObject) -> Bool { left.text.isExactly(right.text) }

    package func hash(into hasher: inout Hasher) { text.hashExactly(into: &hasher) }
}

extension JSONObject {
    /// With the members of objects within it in order too.
    fileprivate var inOrderThroughout: JSONObject { inStorageOrder.mapValues(\.inOrderThroughout) }
}

extension JSON {
    fileprivate var inOrderThroughout: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.inOrderThroughout))
        case .object(let members): .object(members.inOrderThroughout)
        case .null, .bool, .integer, .number, .string: self
        }
    }

    /// Whether a condition holds for all numbers in it that are no `integer`.
    fileprivate func allNumbers(_ hold: (JSONNumber) -> Bool) -> Bool {
        switch self {
        case .number(let number): hold(number)
        case .array(let elements): elements.allSatisfy { $0.allNumbers(hold) }
        case .object(let members): members.values.allSatisfy { $0.allNumbers(hold) }
        case .null, .bool, .integer, .string: true
        }
    }

    /// With whole numbers as integers, however they were written.
    fileprivate var withPlainIntegers: JSON {
        switch self {
        case .number(let number): Int64(exactly: number.value).map(JSON.integer) ?? self
        case .array(let elements): .array(elements.map(\.withPlainIntegers))
        case .object(let members): .object(members.mapValues(\.withPlainIntegers))
        case .null, .bool, .integer, .string: self
        }
    }
}
