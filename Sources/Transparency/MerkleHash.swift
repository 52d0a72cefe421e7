import Crypto

/// A hash in a Merkle tree: the SHA-256 of a leaf or of two subtrees (RFC 9162, section 2.1.1).
package struct MerkleHash: Hashable, Sendable {
    /// How many bytes a hash has.
    package static let size = 32

    package let bytes: [UInt8]

    /// - Parameter bytes: 32 of them; nil else.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    private init(_ digest: SHA256.Digest) { bytes = Array(digest) }

    /// The hash of a tree without leaves: that of no bytes.
    package static let empty = MerkleHash(SHA256.hash(data: [UInt8]()))

    /// The hash of a leaf: of a zero byte and what the leaf says.
    package static func leaf(_ data: some Sequence<UInt8>) -> MerkleHash {
        var hasher = SHA256()
        withUnsafeBytes(of: UInt8(0)) { hasher.update(bufferPointer: $0) }
        hasher.update(data: Array(data))
        return MerkleHash(hasher.finalize())
    }

    /// The hash of two subtrees side by side: of a one byte and their hashes.
    package static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        var hasher = SHA256()
        withUnsafeBytes(of: UInt8(1)) { hasher.update(bufferPointer: $0) }
        hasher.update(data: left.bytes)
        hasher.update(data: right.bytes)
        return MerkleHash(hasher.finalize())
    }
}
