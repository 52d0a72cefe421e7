/// A run of a tree's hashes at one level, as it is served and cached: the root of up to 256 subtrees side by side
/// (c2sp.org/tlog-tiles).
package struct Tile: Hashable, Sendable {
    /// How many hashes a full tile has, and how many levels of the tree one level of tiles stands for: 256 = 1 << 8.
    package static let fullWidth = 256
    package static let height = 8
    /// Levels that a tree of up to 2^62 leaves has.
    private static let levels = 0...7

    /// Level 0 has the hashes of leaves; each level above, those of full tiles of the level below.
    package let level: Int
    /// From 0, in its level.
    package let index: Int64
    /// From 1 to 256.
    package let width: Int

    /// - Returns: nil where there is no such tile.
    package init?(level: Int, index: Int64, width: Int = fullWidth) {
        guard Self.levels.contains(level), (1...Self.fullWidth).contains(width), index >= 0,
            index < 1 << (62 - Int64(Self.height * level))
        else { return nil }
        self.level = level
        self.index = index
        self.width = width
    }

    package var isFull: Bool { width == Self.fullWidth }

    /// How many leaves one hash of it stands for.
    package var leavesPerHash: Int64 { 1 << Int64(Self.height * level) }

    /// Whether a tree of so many leaves has all hashes of it.
    package func isIn(treeOf size: Int64) -> Bool {
        index * Int64(Self.fullWidth) + Int64(width) <= size / leavesPerHash
    }

    /// The tile, as wide as it is in a tree, that has what a complete subtree's hash is made of.
    /// - Parameter subtree: one of a tree of that size.
    package init?(for subtree: MerkleTree.Subtree, inTreeOf size: Int64) {
        let level = subtree.level / Self.height
        guard Self.levels.contains(level), subtree.index >= 0 else { return nil }
        let first = subtree.index << Int64(subtree.level % Self.height)
        let index = first / Int64(Self.fullWidth)
        let hashes = size >> Int64(Self.height * level)
        self.init(
            level: level, index: index,
            width: Int(min(Int64(Self.fullWidth), hashes - index * Int64(Self.fullWidth))))
    }

    /// The hash of a complete subtree.
    /// - Parameter hashes: the tile's.
    /// - Returns: nil where the subtree is not of this tile or the tile is not wide enough.
    package func hash(of subtree: MerkleTree.Subtree, in hashes: [MerkleHash]) -> MerkleHash? {
        guard subtree.level / Self.height == level else { return nil }
        let steps = subtree.level % Self.height
        let first = (subtree.index << Int64(steps)) - index * Int64(Self.fullWidth)
        let count = 1 << steps
        guard first >= 0, first + Int64(count) <= hashes.count else { return nil }
        return Self.root(ofComplete: hashes[Int(first)..<Int(first) + count])
    }

    /// The root over hashes whose number is a power of two.
    static func root(ofComplete hashes: ArraySlice<MerkleHash>) -> MerkleHash {
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { .node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }
}

// MARK: Paths

extension Tile {
    /// `0/x001/x234/067`, for a partial tile with `.p/` and its width.
    package var path: String {
        "\(level)/\(Self.text(ofIndex: index))" + (isFull ? "" : ".p/\(width)")
    }

    private static func text(ofIndex index: Int64) -> String {
        var parts: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1000)
            parts.append((parts.isEmpty ? "" : "x") + String(repeating: "0", count: 3 - digits.count) + digits)
            rest /= 1000
        } while rest > 0
        return parts.reversed().joined(separator: "/")
    }

    /// - Parameter path: as `path` gives it; nil for any other text, also for another way to write the same tile.
    package init?(path: String) {
        let bytes = path.utf8
        guard bytes.count <= 40 else { return nil }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var width = Self.fullWidth
        if parts.count >= 2, parts[parts.count - 2].hasSuffix(".p") {
            guard let partial = Int(parts.removeLast()), partial < Self.fullWidth else { return nil }
            width = partial
            parts[parts.count - 1].removeLast(2)
        }
        guard parts.count >= 2, let level = Int(parts.removeFirst()) else { return nil }
        var index: Int64 = 0
        for (place, part) in parts.enumerated() {
            let digits = place < parts.count - 1 ? String(part.dropFirst()) : part
            guard digits.utf8.count == 3, let number = Int64(digits), index < 1 << 52 else { return nil }
            index = index * 1000 + number
        }
        self.init(level: level, index: index, width: width)
        guard self.path.utf8.elementsEqual(bytes) else { return nil }
    }
}
