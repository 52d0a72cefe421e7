import Crypto
import EventSourcing

/// The SHA-256 of a segment, taken up event by event.
///
/// An event's digest is the SHA-256 of its canonical bytes: position, version, recorded_at (microseconds since 1970) in
/// 8 bytes each and schema_version in 2, big-endian; then stream, type, data and metadata in UTF-8, each after its
/// length in 4 bytes, big-endian. Data is jsonb's text, whose order of members and spacing PostgreSQL fixes; metadata is the
/// canonical form of `StoredMetadata`, which is the same of its members. The columns of the table play no part in it, so a
/// hash stays what it is when they change.
///
/// A segment's hash is the SHA-256 of the text `footfall segment 1` and a line feed, the previous segment's hash (of the
/// first one: 32 zero bytes), the segment's number, first and last position in 8 bytes each, big-endian, and the digests
/// of its events in order. No byte of an event is hashed twice.
struct SegmentHasher {
    static let origin = [UInt8](repeating: 0, count: 32)
    /// How many bytes of each event's digest are kept to tell which event was altered.
    static let keptDigestBytes = 8

    private var hash = SHA256()
    private var canonical: [UInt8] = []
    /// The first bytes of each event's digest, one after another.
    private(set) var digests: [UInt8] = []

    init(segment: Int64, first: Int64, last: Int64, previousHash: [UInt8]) {
        hash.update(data: Array("footfall segment 1\n".utf8))
        hash.update(data: previousHash)
        for number in [segment, first, last] {
            withUnsafeBytes(of: number.bigEndian) { hash.update(bufferPointer: $0) }
        }
    }

    /// Takes up the next event; returns the bytes of its digest that are kept.
    @discardableResult
    mutating func add(_ event: RecordedEvent) -> ArraySlice<UInt8> {
        canonical.removeAll(keepingCapacity: true)
        append(event.position)
        append(event.version)
        append(event.recordedAt.microseconds)
        append(event.schemaVersion)
        append(utf8: event.stream.rawValue)
        append(utf8: event.type)
        append(sized: event.data)
        append(sized: event.metadata)
        let digest = SHA256.hash(data: canonical)
        return digest.withUnsafeBytes { bytes in
            hash.update(bufferPointer: bytes)
            digests.append(contentsOf: bytes.prefix(Self.keptDigestBytes))
            return digests.suffix(Self.keptDigestBytes)
        }
    }

    /// The segment's hash: 32 bytes.
    func finalize() -> [UInt8] { Array(hash.finalize()) }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { canonical.append(contentsOf: $0) }
    }

    private mutating func append(sized bytes: [UInt8]) {
        append(UInt32(bytes.count))
        canonical.append(contentsOf: bytes)
    }

    private mutating func append(utf8 text: String) {
        append(UInt32(text.utf8.count))
        canonical.append(contentsOf: text.utf8)
    }
}

extension [UInt8] {
    /// Two lower-case digits a byte.
    package var hexadecimal: String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(count * 2)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    package init?(hexadecimal text: String) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text {
            guard let nibble = digit.hexDigitValue.map(UInt8.init) else { return nil }
            if let first = high { bytes.append(first << 4 | nibble) }
            high = high == nil ? nibble : nil
        }
        guard high == nil else { return nil }
        self = bytes
    }
}
