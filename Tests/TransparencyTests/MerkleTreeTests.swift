import Foundation
import Testing
import Transparency

/// A tree by the definitions of RFC 9162, section 2.1, over leaves that are all there: slow, and easy to see through.
struct DefinedTree {
    let leaves: [MerkleHash]

    private func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    func root(_ range: Range<Int>) -> MerkleHash {
        switch range.count {
        case 0: return .empty
        case 1: return leaves[range.lowerBound]
        default:
            let middle = range.lowerBound + split(range.count)
            return .node(root(range.lowerBound..<middle), root(middle..<range.upperBound))
        }
    }

    func path(_ leaf: Int, _ range: Range<Int>) -> [MerkleHash] {
        if range.count == 1 { return [] }
        let middle = range.lowerBound + split(range.count)
        return leaf < middle
            ? path(leaf, range.lowerBound..<middle) + [root(middle..<range.upperBound)]
            : path(leaf, middle..<range.upperBound) + [root(range.lowerBound..<middle)]
    }

    /// SUBPROOF(m, D[range], isKnown).
    func proof(_ end: Int, _ range: Range<Int>, isKnown: Bool) -> [MerkleHash] {
        if end == range.upperBound { return isKnown ? [] : [root(range)] }
        let middle = range.lowerBound + split(range.count)
        return end <= middle
            ? proof(end, range.lowerBound..<middle, isKnown: isKnown) + [root(middle..<range.upperBound)]
            : proof(end, middle..<range.upperBound, isKnown: false) + [root(range.lowerBound..<middle)]
    }
}

@Suite struct MerkleTreeTests {
    /// The leaves and roots of certificate-transparency-go's tests of RFC 6962, which RFC 9162 takes its hashing from.
    private static let known: [(leaf: String, root: String)] = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (
            "606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        ),
    ]

    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { place in
            UInt8(hex.dropFirst(place).prefix(2), radix: 16)
        }
    }

    private static func hex(_ hash: MerkleHash) -> String {
        hash.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The hashes of complete subtrees over leaves that are all there.
    private static func hash(_ run: MerkleTree.Run, _ tree: DefinedTree) -> MerkleHash {
        MerkleTree.hash(of: run) { subtree in
            let first = Int(subtree.index) << subtree.level
            return tree.root(first..<first + 1 << subtree.level)
        }
    }

    private static let numbered = DefinedTree(leaves: (0..<300).map { MerkleHash.leaf(Array("\($0)".utf8)) })

    @Test func rootsAreThoseOfKnownTrees() {
        #expect(Self.hex(.empty) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        var edge = TreeEdge()
        #expect(edge.root == .empty)
        for (leaf, root) in Self.known {
            _ = edge.append(.leaf(Self.bytes(leaf)))
            #expect(Self.hex(edge.root) == root)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 8, 31, 64, 100, 255, 256, 257, 300])
    func inclusionIsProvedAsDefined(size: Int) throws {
        let all = Self.numbered
        let tree = MerkleTree(size: Int64(size))
        let root = all.root(0..<size)
        #expect(Self.hash(tree.root, all) == root)
        #expect(tree.inclusion(of: Int64(size)) == nil && tree.inclusion(of: -1) == nil)
        for leaf in 0..<size {
            let proof = try #require(tree.inclusion(of: Int64(leaf))).map { Self.hash($0, all) }
            #expect(proof == all.path(leaf, 0..<size))
            let shown = MerkleProof.root(of: all.leaves[leaf], at: Int64(leaf), in: Int64(size), proof)
            #expect(shown == root)
        }
    }

    @Test func anAlteredInclusionProofShowsAnotherRootOrNone() throws {
        let all = Self.numbered
        let size = 77
        let root = all.root(0..<size)
        for leaf in [0, 1, 31, 63, 64, 75, 76] {
            let proof = all.path(leaf, 0..<size)
            let show = { MerkleProof.root(of: $0, at: $1, in: $2, $3) }
            #expect(show(all.leaves[leaf + 1], Int64(leaf), Int64(size), proof) != root)
            #expect(show(all.leaves[leaf], Int64(leaf ^ 1), Int64(size), proof) != root)
            #expect(show(all.leaves[leaf], Int64(leaf), Int64(size), proof + [root]) == nil)
            #expect(show(all.leaves[leaf], Int64(leaf), Int64(size), proof.dropLast()) == nil)
            for place in proof.indices {
                var altered = proof
                altered[place] = .leaf([1])
                #expect(show(all.leaves[leaf], Int64(leaf), Int64(size), altered) != root)
            }
        }
        #expect(MerkleProof.root(of: root, at: -1, in: 5, []) == nil)
        #expect(MerkleProof.root(of: root, at: 0, in: 0, []) == nil)
    }

    @Test(arguments: [1, 2, 6, 7, 8, 33, 64, 130])
    func consistencyIsProvedAsDefined(size: Int) throws {
        let all = Self.numbered
        let tree = MerkleTree(size: Int64(size))
        let later = (Int64(size), all.root(0..<size))
        #expect(tree.consistency(with: Int64(size) + 1) == nil && tree.consistency(with: -1) == nil)
        for earlier in 0...size {
            let proof = try #require(tree.consistency(with: Int64(earlier))).map { Self.hash($0, all) }
            if earlier > 0 { #expect(proof == all.proof(earlier, 0..<size, isKnown: true)) }
            #expect(MerkleProof.isConsistent((Int64(earlier), all.root(0..<earlier)), later, proof))
            // Another log's past, another log's present, and a proof that says too much or too little.
            let other = MerkleHash.leaf([9])
            #expect(!MerkleProof.isConsistent((Int64(earlier), other), later, proof))
            #expect(!MerkleProof.isConsistent((Int64(earlier), all.root(0..<earlier)), later, proof + [other]))
            guard !proof.isEmpty else { continue }
            #expect(!MerkleProof.isConsistent((Int64(earlier), all.root(0..<earlier)), (later.0, other), proof))
            for place in proof.indices {
                var altered = proof
                altered[place] = other
                #expect(!MerkleProof.isConsistent((Int64(earlier), all.root(0..<earlier)), later, altered))
            }
            #expect(!MerkleProof.isConsistent((Int64(earlier), all.root(0..<earlier)), later, proof.dropLast()))
        }
    }
}
