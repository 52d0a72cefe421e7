/// An array with one dimension, written element by element in PostgreSQL's binary format as it grows.
///
/// The format is that of `array_send`: dimensions, a flag for nulls, the elements' type; length and lower bound; then
/// each element with its length, −1 for null. Elements are of the kind that it was made for; another kind's are refused
/// by the server.
package struct ArrayParameter: Sendable {
    package enum Kind: Sendable {
        case text, integer, smallInteger, bool, jsonb
    }

    private let kind: Kind
    private var bytes: [UInt8] = []
    private var count: Int32 = 0
    private var hasNull = false

    /// - Parameter capacity: for how many elements of a fixed size room is made; for others it may be left out.
    package init(_ kind: Kind, capacity: Int = 0) {
        self.kind = kind
        bytes.reserveCapacity(20 + capacity * 12)
        // The head, filled in at the end.
        bytes.append(contentsOf: repeatElement(0, count: 20))
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0, after: nil) }
    }

    /// - Parameter json: JSON in UTF-8.
    package mutating func append(json: [UInt8]) {
        json.withUnsafeBufferPointer { append($0, after: 1) }
    }

    package mutating func append(_ integer: Int64) {
        count += 1
        bytes.append(bigEndian: Int32(8))
        bytes.append(bigEndian: integer)
    }

    package mutating func append(small integer: Int16) {
        count += 1
        bytes.append(bigEndian: Int32(2))
        bytes.append(bigEndian: integer)
    }

    package mutating func append(_ bool: Bool) {
        count += 1
        bytes.append(bigEndian: Int32(1))
        bytes.append(bool ? 1 : 0)
    }

    /// Null where there is none.
    package mutating func append(_ integer: Int64?) {
        if let integer { append(integer) } else { appendNull() }
    }

    package mutating func appendNull() {
        count += 1
        hasNull = true
        bytes.append(bigEndian: Int32(-1))
    }

    package var parameter: Parameter {
        var bytes = bytes
        let (element, array) = types
        bytes.put(bigEndian: Int32(count == 0 ? 0 : 1), at: 0)
        bytes.put(bigEndian: Int32(hasNull ? 1 : 0), at: 4)
        bytes.put(bigEndian: element.rawValue, at: 8)
        // An array without elements has no dimension.
        if count == 0 { return Parameter(array, Array(bytes.prefix(12))) }
        bytes.put(bigEndian: count, at: 12)
        bytes.put(bigEndian: Int32(1), at: 16)
        return Parameter(array, bytes)
    }

    private var types: (element: TypeID, array: TypeID) {
        switch kind {
        case .text: (.text, .textArray)
        case .integer: (.int8, .int8Array)
        case .smallInteger: (.int2, .int2Array)
        case .bool: (.bool, .boolArray)
        case .jsonb: (.jsonb, .jsonbArray)
        }
    }

    private mutating func append(_ value: UnsafeBufferPointer<UInt8>, after version: UInt8?) {
        count += 1
        bytes.append(bigEndian: Int32(value.count + (version == nil ? 0 : 1)))
        if let version { bytes.append(version) }
        bytes.append(contentsOf: value)
    }
}

extension [UInt8] {
    /// Appends the number's bytes, the highest first.
    @inline(__always)
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Overwrites bytes with the number's, the highest first.
    fileprivate mutating func put(bigEndian value: some FixedWidthInteger, at offset: Int) {
        withUnsafeMutableBytes { $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value)) }
    }
}
