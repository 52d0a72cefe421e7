/// The right edge of a tree that grows: of each level, the hashes of its partial tile. From it the root is computed, and
/// leaves are added, without anything to its left.
package struct TreeEdge: Hashable, Sendable {
    /// How many leaves the tree has.
    package private(set) var size: Int64 = 0
    /// Of each level of tiles, from the leaves up.
    private var levels: [[MerkleHash]] = []

    package init() {}

    /// - Parameters:
    ///   - size: how many leaves the tree has.
    ///   - levels: of each level of tiles, the hashes of the partial tile; none where there is no such tile.
    /// - Returns: nil where they are not those of a tree of that size.
    package init?(size: Int64, levels: [[MerkleHash]]) {
        let widths = Self.widths(size)
        let levels = levels + Array(repeating: [], count: max(0, widths.count - levels.count))
        guard size >= 0, levels.map(\.count).prefix(widths.count) == widths[...],
            levels.dropFirst(widths.count).allSatisfy(\.isEmpty)
        else { return nil }
        self.size = size
        self.levels = Array(levels.prefix(widths.count))
    }

    /// Of each level of tiles of a tree of that size, the width of its partial tile, which may be 0.
    package static func widths(_ size: Int64) -> [Int] {
        var widths: [Int] = []
        var rest = size
        while rest > 0 {
            widths.append(Int(rest % Int64(Tile.fullWidth)))
            rest /= Int64(Tile.fullWidth)
        }
        return widths
    }

    /// Adds a leaf.
    /// - Returns: the tiles that are full by it, from the leaves up, each with its root.
    package mutating func append(_ leaf: MerkleHash) -> [(tile: Tile, root: MerkleHash)] {
        var full: [(Tile, MerkleHash)] = []
        var hash = leaf
        var level = 0
        while true {
            if level == levels.count { levels.append([]) }
            levels[level].append(hash)
            guard levels[level].count == Tile.fullWidth else { break }
            hash = Tile.root(ofComplete: levels[level][...])
            levels[level] = []
            let index = ((size + 1) >> Int64(Tile.height * (level + 1))) - 1
            if let tile = Tile(level: level, index: index) { full.append((tile, hash)) }
            level += 1
        }
        size += 1
        return full
    }

    package var root: MerkleHash {
        MerkleTree.hash(of: MerkleTree(size: size).root) { subtree in
            // A run of the root lies on the edge: each of its subtrees is a part of a partial tile.
            let hashes = levels[subtree.level / Tile.height]
            let count = 1 << (subtree.level % Tile.height)
            let end = hashes.count & ~(count - 1)
            return Tile.root(ofComplete: hashes[(end - count)..<end])
        }
    }
}
