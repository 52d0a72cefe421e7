import Testing
import Transparency

@Suite struct TileTests {
    @Test(arguments: [
        (0, 0, 256, "0/000"), (0, 1_234_067, 256, "0/x001/x234/067"), (2, 999, 17, "2/999.p/17"),
        (1, 1000, 1, "1/x001/000.p/1"), (7, 0, 255, "7/000.p/255"),
    ])
    func aTileHasOnePath(level: Int, index: Int64, width: Int, path: String) throws {
        let tile = try #require(Tile(level: level, index: index, width: width))
        #expect(tile.path == path)
        #expect(Tile(path: path) == tile)
    }

    @Test(arguments: [
        "", "0", "0/", "0/0", "0/0000", "00/000", "8/000", "-1/000", "0/001/000", "0/x000/001", "0/x001/x000", "0/-01",
        "0/+01", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000/", "/0/000", "0/000.p/1/2",
        "0/x999/x999/x999/x999/x999/x999/x999/999", "0/x00١/000", "0/000\n",
    ])
    func anotherTextIsNoPath(text: String) { #expect(Tile(path: text) == nil) }

    /// The example of c2sp.org/tlog-tiles.
    @Test func aTreeOf70000HasTheTilesOfTheSpecification() throws {
        var edge = TreeEdge()
        var full = [0, 0, 0]
        for number in 0..<70_000 {
            for (tile, _) in edge.append(.leaf([UInt8(number & 255)])) {
                #expect(tile.index == Int64(full[tile.level]) && tile.isFull)
                full[tile.level] += 1
            }
        }
        #expect(full == [273, 1, 0])
        #expect(TreeEdge.widths(70_000) == [112, 17, 1])
        #expect(TreeEdge.widths(256) == [0, 1])
    }

    @Test func theTilesOfATreeHoldAllItsProofs() throws {
        let size: Int64 = 66_000
        let leaves = (0..<size).map { MerkleHash.leaf(Array("\($0)".utf8)) }
        var edge = TreeEdge()
        // What a log keeps: the leaves, and each full tile's root.
        var rows: [[MerkleHash]] = [leaves, [], []]
        for leaf in leaves { for (tile, root) in edge.append(leaf) { rows[tile.level + 1].append(root) } }
        let tree = MerkleTree(size: size)

        func hash(_ subtree: MerkleTree.Subtree) throws -> MerkleHash {
            let tile = try #require(Tile(for: subtree, inTreeOf: size))
            #expect(tile.isIn(treeOf: size))
            let first = Int(tile.index) * Tile.fullWidth
            return try #require(tile.hash(of: subtree, in: Array(rows[tile.level][first..<first + tile.width])))
        }

        #expect(try MerkleTree.hash(of: tree.root, hash) == edge.root)
        for leaf in [0, 255, 256, 65_535, 65_536, 65_791, 65_999] as [Int64] {
            let proof = try #require(tree.inclusion(of: leaf)).map { try MerkleTree.hash(of: $0, hash) }
            #expect(MerkleProof.root(of: leaves[Int(leaf)], at: leaf, in: size, proof) == edge.root)
        }
        for earlier in [1, 255, 256, 40_000, 65_536, 65_999] as [Int64] {
            var before = TreeEdge()
            for leaf in leaves.prefix(Int(earlier)) { _ = before.append(leaf) }
            let proof = try #require(tree.consistency(with: earlier)).map { try MerkleTree.hash(of: $0, hash) }
            #expect(MerkleProof.isConsistent((earlier, before.root), (size, edge.root), proof))
        }
    }

    @Test func anEdgeGoesOnFromWhatIsKept() throws {
        var edge = TreeEdge()
        var levels: [[MerkleHash]] = [[], [], []]
        for number in 0..<700 {
            #expect(TreeEdge(size: Int64(number), levels: levels) == edge)
            let leaf = MerkleHash.leaf(Array("\(number)".utf8))
            levels[0].append(leaf)
            for (tile, root) in edge.append(leaf) {
                levels[tile.level] = []
                levels[tile.level + 1].append(root)
            }
        }
        #expect(TreeEdge(size: 701, levels: levels) == nil)
        #expect(TreeEdge(size: 700, levels: [levels[0]]) == nil)
        #expect(TreeEdge(size: 700, levels: levels + [[.empty]]) == nil)
        #expect(TreeEdge(size: -1, levels: []) == nil)
    }
}
