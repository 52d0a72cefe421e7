import Crypto
import EventSourcing
import Transparency

/// The SHA-256 of a segment, taken up event by event.
///
/// A segment's hash is the SHA-256 of the text `footfall segment 1` and a line feed, the previous segment's hash (of the
/// first one: 32 zero bytes), the segment's number, first and last position in 8 bytes each, big-endian, and the hashes of
/// its events in order, which are those of the tree's leaves (`EventLeaf`). No byte of an event is hashed twice.
struct SegmentHasher {
    static let origin = [UInt8](repeating: 0, count: 32)

    private var hash = SHA256()
    private var leaf = EventLeaf()

    init(segment: Int64, first: Int64, last: Int64, previousHash: [UInt8]) {
        hash.update(data: Array("footfall segment 1\n".utf8))
        hash.update(data: previousHash)
        for number in [segment, first, last] {
            withUnsafeBytes(of: number.bigEndian) { hash.update(bufferPointer: $0) }
        }
    }

    /// Takes up the next event; returns its hash.
    @discardableResult
    mutating func add(_ event: RecordedEvent) -> MerkleHash {
        let leaf = leaf.hash(of: event)
        add(leaf)
        return leaf
    }

    /// Takes up the next event by its hash.
    mutating func add(_ leaf: MerkleHash) { hash.update(data: leaf.bytes) }

    /// The segment's hash: 32 bytes.
    func finalize() -> [UInt8] { Array(hash.finalize()) }
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
