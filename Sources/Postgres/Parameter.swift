/// A value bound to a statement's `$n`, in PostgreSQL's binary format.
///
/// Arrays have one dimension. Instants are microseconds since 1970-01-01T00:00:00Z.
package struct Parameter: Hashable, Sendable {
    let type: TypeID
    let bytes: [UInt8]?

    init(_ type: TypeID, _ bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    package static func text(_ value: String?) -> Parameter { Parameter(.text, value.map { Array($0.utf8) }) }

    package static func integer(_ value: Int64?) -> Parameter { Parameter(.int8, value?.bigEndianBytes) }

    package static func integer(_ value: Int) -> Parameter { .integer(Int64(value)) }

    package static func double(_ value: Double?) -> Parameter { Parameter(.float8, value?.bitPattern.bigEndianBytes) }

    package static func bool(_ value: Bool?) -> Parameter { Parameter(.bool, value.map { [$0 ? 1 : 0] }) }

    /// - Parameter value: JSON in UTF-8.
    package static func jsonb(_ value: [UInt8]?) -> Parameter { Parameter(.jsonb, value.map { [1] + $0 }) }

    package static func bytea(_ value: [UInt8]?) -> Parameter { Parameter(.bytea, value) }

    package static func timestamp(_ microseconds: Int64?) -> Parameter {
        Parameter(.timestamptz, microseconds.map { ($0 - postgresEpoch).bigEndianBytes })
    }

    package static func texts(_ values: [String?]) -> Parameter {
        var array = ArrayParameter(.text)
        for value in values {
            if let value { array.append(value) } else { array.appendNull() }
        }
        return array.parameter
    }

    package static func integers(_ values: [Int64?]) -> Parameter {
        var array = ArrayParameter(.integer, capacity: values.count)
        for value in values {
            if let value { array.append(value) } else { array.appendNull() }
        }
        return array.parameter
    }

    package static func smallIntegers(_ values: [Int16]) -> Parameter {
        var array = ArrayParameter(.smallInteger, capacity: values.count)
        for value in values { array.append(small: value) }
        return array.parameter
    }

    /// - Parameter values: JSON in UTF-8 each.
    package static func jsonbs(_ values: [[UInt8]]) -> Parameter {
        var array = ArrayParameter(.jsonb)
        for value in values { array.append(json: value) }
        return array.parameter
    }

    /// Null as an array of whole numbers.
    package static let noIntegers = Parameter(.int8Array, nil)

    /// Null as an array of texts.
    package static let noTexts = Parameter(.textArray, nil)
}

/// The object ids of built-in types, fixed in PostgreSQL's catalog (pg_type.dat).
struct TypeID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt32

    static let bool = TypeID(rawValue: 16)
    static let bytea = TypeID(rawValue: 17)
    static let name = TypeID(rawValue: 19)
    static let int8 = TypeID(rawValue: 20)
    static let int2 = TypeID(rawValue: 21)
    static let int4 = TypeID(rawValue: 23)
    static let text = TypeID(rawValue: 25)
    static let oid = TypeID(rawValue: 26)
    static let json = TypeID(rawValue: 114)
    static let float4 = TypeID(rawValue: 700)
    static let float8 = TypeID(rawValue: 701)
    static let boolArray = TypeID(rawValue: 1000)
    static let int2Array = TypeID(rawValue: 1005)
    static let int4Array = TypeID(rawValue: 1007)
    static let textArray = TypeID(rawValue: 1009)
    static let int8Array = TypeID(rawValue: 1016)
    static let varchar = TypeID(rawValue: 1043)
    static let timestamptz = TypeID(rawValue: 1184)
    static let jsonb = TypeID(rawValue: 3802)
    static let jsonbArray = TypeID(rawValue: 3807)
}

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since 1970.
let postgresEpoch: Int64 = 946_684_800_000_000

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }

    init(bigEndianBytes: UnsafeRawBufferPointer) {
        self = Self(bigEndian: bigEndianBytes.loadUnaligned(as: Self.self))
    }
}
