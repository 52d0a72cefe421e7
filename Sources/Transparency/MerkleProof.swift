/// What a proof shows, computed from its hashes alone (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
package enum MerkleProof {
    /// The root of the tree that a leaf is in.
    /// - Parameters:
    ///   - leaf: the leaf's hash.
    ///   - index: the leaf's, from 0.
    ///   - size: how many leaves the tree has.
    /// - Returns: nil where the proof has too few hashes or too many, or there is no such leaf.
    package static func root(
        of leaf: MerkleHash, at index: Int64, in size: Int64, _ proof: [MerkleHash]
    ) -> MerkleHash? {
        guard index >= 0, index < size else { return nil }
        var (node, last) = (index, size - 1)
        var root = leaf
        for hash in proof {
            guard last > 0 else { return nil }
            if node & 1 == 1 || node == last {
                root = .node(hash, root)
                // Where a node has no right neighbour it goes up as it is.
                while node & 1 == 0, node > 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                root = .node(root, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 ? root : nil
    }

    /// Whether a tree goes on an earlier one.
    package static func isConsistent(
        _ earlier: (size: Int64, root: MerkleHash), _ later: (size: Int64, root: MerkleHash), _ proof: [MerkleHash]
    ) -> Bool {
        guard earlier.size >= 0, earlier.size <= later.size else { return false }
        if earlier.size == later.size { return proof.isEmpty && earlier.root == later.root }
        if earlier.size == 0 { return proof.isEmpty && earlier.root == .empty }
        // Where the earlier tree is one complete subtree its root is the first hash, and is not sent.
        var hashes = proof[...]
        let isComplete = earlier.size & (earlier.size - 1) == 0
        guard let first = isComplete ? earlier.root : hashes.popFirst() else { return false }
        var (node, last) = (earlier.size - 1, later.size - 1)
        while node & 1 == 1 { (node, last) = (node >> 1, last >> 1) }
        var (earlierRoot, laterRoot) = (first, first)
        for hash in hashes {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                earlierRoot = .node(hash, earlierRoot)
                laterRoot = .node(hash, laterRoot)
                while node & 1 == 0, node > 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                laterRoot = .node(laterRoot, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 && earlierRoot == earlier.root && laterRoot == later.root
    }
}
