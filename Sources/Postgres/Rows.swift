internal import CLibPQ
import Glibc

/// A statement's whole result: libpq's memory, read in place.
///
/// Sendable because libpq never changes a finished result and every access here only reads it.
package final class Rows: @unchecked Sendable, RandomAccessCollection {
    private let result: OpaquePointer

    /// Takes ownership of `result`.
    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    package var startIndex: Int { 0 }
    package var endIndex: Int { Int(PQntuples(result)) }
    package subscript(index: Int) -> Row {
        precondition(indices.contains(index))
        return Row(rows: self, index: Int32(index))
    }

    /// How many rows a statement that changes data has changed.
    package var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The number of a column; of the first one where several have the name.
    func column(_ name: String) throws(PostgresError) -> Int {
        let column = name.withCString { name in
            (0..<PQnfields(result)).first { strcmp(PQfname(result, $0), name) == 0 }
        }
        if let column { return Int(column) }
        throw .decoding(reason: "the statement has no column \(name)")
    }

    /// Of a result that describes a statement.
    var description: StatementDescription { StatementDescription(result) }

    package var columnNames: [String] { (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) } }

    fileprivate func type(of column: Int32) -> TypeID { TypeID(rawValue: PQftype(result, column)) }

    /// The value's bytes in binary format; nil for null.
    fileprivate func value(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
        precondition(column >= 0 && column < PQnfields(result), "the statement has no column \(column)")
        if PQgetisnull(result, row, column) == 1 { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
    }
}

/// One row of a result. Columns are read by name; the readers by number, from 0 on, are for those by name alone.
/// Every reader throws `PostgresError.decoding` where the value is of another type, or null where that is not asked for.
package struct Row: Sendable {
    let rows: Rows
    fileprivate let index: Int32

    func isNull(_ column: Int) -> Bool { rows.value(index, Int32(column)) == nil }

    /// A whole number of 2, 4 or 8 bytes.
    func optionalInteger(_ column: Int) throws(PostgresError) -> Int64? {
        guard let value = rows.value(index, Int32(column)) else { return nil }
        switch type(column) {
        case .int8: return Int64(bigEndianBytes: value)
        case .int4: return Int64(Int32(bigEndianBytes: value))
        case .int2: return Int64(Int16(bigEndianBytes: value))
        case .oid: return Int64(UInt32(bigEndianBytes: value))
        default: throw mismatch(column, "an integer")
        }
    }

    func integer(_ column: Int) throws(PostgresError) -> Int64 {
        try required(try optionalInteger(column), column)
    }

    func optionalDouble(_ column: Int) throws(PostgresError) -> Double? {
        guard let value = rows.value(index, Int32(column)) else { return nil }
        switch type(column) {
        case .float8: return Double(bitPattern: UInt64(bigEndianBytes: value))
        case .float4: return Double(Float(bitPattern: UInt32(bigEndianBytes: value)))
        default: throw mismatch(column, "a floating-point number")
        }
    }

    func double(_ column: Int) throws(PostgresError) -> Double {
        try required(try optionalDouble(column), column)
    }

    func bool(_ column: Int) throws(PostgresError) -> Bool {
        let value = try required(rows.value(index, Int32(column)), column)
        guard type(column) == .bool else { throw mismatch(column, "a boolean") }
        return value[0] != 0
    }

    /// Text, or JSON as text.
    func optionalText(_ column: Int) throws(PostgresError) -> String? {
        try optionalBytes(column).map { String(decoding: $0, as: UTF8.self) }
    }

    func text(_ column: Int) throws(PostgresError) -> String {
        try required(try optionalText(column), column)
    }

    /// The bytes of text (UTF-8), JSON (its text in UTF-8) or bytea.
    func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        guard let value = rows.value(index, Int32(column)) else { return nil }
        switch type(column) {
        case .text, .varchar, .name, .json, .bytea: return Array(value)
        case .jsonb: return Array(value.dropFirst())
        default: throw mismatch(column, "text, JSON or bytea")
        }
    }

    func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try required(try optionalBytes(column), column)
    }

    /// A `timestamptz` in microseconds since 1970-01-01T00:00:00Z.
    func optionalTimestamp(_ column: Int) throws(PostgresError) -> Int64? {
        guard let value = rows.value(index, Int32(column)) else { return nil }
        guard type(column) == .timestamptz else { throw mismatch(column, "a timestamp with time zone") }
        let (microseconds, overflow) = Int64(bigEndianBytes: value).addingReportingOverflow(postgresEpoch)
        if overflow { throw .decoding(reason: "column \(column) is an infinite timestamp") }
        return microseconds
    }

    func timestamp(_ column: Int) throws(PostgresError) -> Int64 {
        try required(try optionalTimestamp(column), column)
    }

    /// A one-dimensional array of texts.
    func texts(_ column: Int) throws(PostgresError) -> [String?] {
        let value = try required(rows.value(index, Int32(column)), column)
        guard type(column) == .textArray else { throw mismatch(column, "an array of texts") }
        func integer(_ offset: Int) -> Int {
            Int(Int32(bigEndianBytes: UnsafeRawBufferPointer(rebasing: value[offset..<offset + 4])))
        }
        if integer(0) == 0 { return [] }
        let count = integer(12)
        var elements: [String?] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            let length = integer(offset)
            offset += 4
            if length < 0 {
                elements.append(nil)
                continue
            }
            elements.append(
                String(decoding: UnsafeRawBufferPointer(rebasing: value[offset..<offset + length]), as: UTF8.self))
            offset += length
        }
        return elements
    }

    /// A one-dimensional array of whole numbers.
    func integers(_ column: Int) throws(PostgresError) -> [Int64?] {
        let value = try required(rows.value(index, Int32(column)), column)
        let width: Int
        switch type(column) {
        case .int8Array: width = 8
        case .int4Array: width = 4
        case .int2Array: width = 2
        default: throw mismatch(column, "an array of integers")
        }
        func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: value[offset..<offset + count])
        }
        if Int32(bigEndianBytes: slice(0, 4)) == 0 { return [] }
        let count = Int(Int32(bigEndianBytes: slice(12, 4)))
        var elements: [Int64?] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            let isNull = Int32(bigEndianBytes: slice(offset, 4)) < 0
            offset += 4
            if isNull {
                elements.append(nil)
                continue
            }
            switch width {
            case 8: elements.append(Int64(bigEndianBytes: slice(offset, 8)))
            case 4: elements.append(Int64(Int32(bigEndianBytes: slice(offset, 4))))
            default: elements.append(Int64(Int16(bigEndianBytes: slice(offset, 2))))
            }
            offset += width
        }
        return elements
    }

    private func type(_ column: Int) -> TypeID { rows.type(of: Int32(column)) }

    private func required<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw .decoding(reason: "column \(rows.columnNames[column]) is null") }
        return value
    }

    private func mismatch(_ column: Int, _ wanted: String) -> PostgresError {
        .decoding(
            reason:
                "column \(rows.columnNames[column]) has the type with object id \(type(column).rawValue), not \(wanted)"
        )
    }
}
