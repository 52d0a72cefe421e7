/// The tree over a log's first leaves, by the rules of RFC 9162, section 2.1: which complete subtrees its root and its
/// proofs are made of.
///
/// Anyone who keeps hashes answers for complete subtrees only; they never change as the log grows.
package struct MerkleTree: Hashable, Sendable {
    /// How many leaves it has.
    package let size: Int64

    /// - Parameter size: at least zero; less counts as zero.
    package init(size: Int64) { self.size = max(0, size) }

    /// A complete subtree: the leaves from `index << level` on, `1 << level` of them.
    package struct Subtree: Hashable, Sendable {
        package let level: Int
        package let index: Int64
    }

    /// Complete subtrees side by side, from the left; their hash is that of all their leaves as one tree.
    package typealias Run = [Subtree]

    /// What the root is made of; nothing where there are no leaves.
    package var root: Run { Self.run(0..<size) }

    /// The proof that a leaf is in the tree (section 2.1.3.1).
    /// - Parameter leaf: its index, from 0.
    /// - Returns: a run for each hash of the proof, in their order; nil where there is no such leaf.
    package func inclusion(of leaf: Int64) -> [Run]? {
        guard (0..<size).contains(leaf) else { return nil }
        var runs: [Run] = []
        var leaves = 0..<size
        while leaves.count > 1 {
            let middle = leaves.lowerBound + Self.split(Int64(leaves.count))
            if leaf < middle {
                runs.append(Self.run(middle..<leaves.upperBound))
                leaves = leaves.lowerBound..<middle
            } else {
                runs.append(Self.run(leaves.lowerBound..<middle))
                leaves = middle..<leaves.upperBound
            }
        }
        return runs.reversed()
    }

    /// The proof that the tree goes on an earlier one (section 2.1.4.1).
    /// - Parameter earlier: how many leaves that had.
    /// - Returns: a run for each hash of the proof, in their order, none where the earlier one is empty or the same; nil
    ///   where it is larger.
    package func consistency(with earlier: Int64) -> [Run]? {
        guard (0...size).contains(earlier) else { return nil }
        if earlier == 0 || earlier == size { return [] }
        var runs: [Run] = []
        var leaves = 0..<size
        var wholeIsKnown = true
        while earlier != leaves.upperBound {
            let middle = leaves.lowerBound + Self.split(Int64(leaves.count))
            if earlier <= middle {
                runs.append(Self.run(middle..<leaves.upperBound))
                leaves = leaves.lowerBound..<middle
            } else {
                runs.append(Self.run(leaves.lowerBound..<middle))
                leaves = middle..<leaves.upperBound
                wholeIsKnown = false
            }
        }
        if !wholeIsKnown { runs.append(Self.run(leaves)) }
        return runs.reversed()
    }

    /// The hash of a run.
    /// - Parameter hash: that of one complete subtree.
    /// - Returns: `MerkleHash.empty` where there is none.
    package static func hash(
        of run: Run, _ hash: (Subtree) throws -> MerkleHash
    ) rethrows -> MerkleHash {
        guard let last = run.last else { return .empty }
        var right = try hash(last)
        for subtree in run.dropLast().reversed() { right = .node(try hash(subtree), right) }
        return right
    }

    /// The largest power of two below a number of at least 2.
    private static func split(_ count: Int64) -> Int64 { 1 << (63 - (count - 1).leadingZeroBitCount) }

    /// The complete subtrees of leaves whose number from the first on fits: the first is a multiple of the largest.
    private static func run(_ leaves: Range<Int64>) -> Run {
        var run: Run = []
        var first = leaves.lowerBound
        while first < leaves.upperBound {
            let level = 63 - (leaves.upperBound - first).leadingZeroBitCount
            run.append(Subtree(level: level, index: first >> Int64(level)))
            first += 1 << Int64(level)
        }
        return run
    }
}
