/// The type of a query's parameter, named as the factory of `Parameter` that makes such values.
package enum ValueType: Sendable {
    case text, integer, double, bool, jsonb, bytea, timestamp
    case texts, integers, smallIntegers, bools, jsonbs

    var id: TypeID {
        switch self {
        case .text: .text
        case .integer: .int8
        case .double: .float8
        case .bool: .bool
        case .jsonb: .jsonb
        case .bytea: .bytea
        case .timestamp: .timestamptz
        case .texts: .textArray
        case .integers: .int8Array
        case .smallIntegers: .int2Array
        case .bools: .boolArray
        case .jsonbs: .jsonbArray
        }
    }
}

/// The type of a query's column, named as the reader of `Row` that reads such values.
package enum ColumnType: Sendable {
    case integer, double, bool, text, bytes, timestamp, integers, texts

    /// The server's types that the reader reads.
    var ids: Set<TypeID> {
        switch self {
        case .integer: [.int8, .int4, .int2, .oid]
        case .double: [.float8, .float4]
        case .bool: [.bool]
        case .text: [.text, .varchar, .name, .json, .jsonb]
        case .bytes: [.text, .varchar, .name, .json, .jsonb, .bytea]
        case .timestamp: [.timestamptz]
        case .integers: [.int8Array, .int4Array, .int2Array]
        case .texts: [.textArray]
        }
    }
}
