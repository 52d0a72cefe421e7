import EventSourcing
import Transparency

/// Makes events the leaves of the tree.
///
/// A leaf is an event's canonical bytes: position, version, recorded_at (microseconds since 1970) in 8 bytes each and
/// schema_version in 2, big-endian; then stream, type, data and metadata in UTF-8, each after its length in 4 bytes,
/// big-endian. Data is jsonb's text, whose order of members and spacing PostgreSQL fixes; metadata is the canonical form of
/// `StoredMetadata`, which is the same of its members. The columns of the table play no part in it, so a hash stays what it
/// is when they change.
struct EventLeaf {
    private var canonical: [UInt8] = []

    /// The hash of an event's leaf.
    mutating func hash(of event: RecordedEvent) -> MerkleHash {
        canonical.removeAll(keepingCapacity: true)
        append(event.position)
        append(event.version)
        append(event.recordedAt.microseconds)
        append(event.schemaVersion)
        append(utf8: event.stream.rawValue)
        append(utf8: event.type)
        append(sized: event.data)
        append(sized: event.metadata)
        return MerkleHash.leaf(canonical)
    }

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
