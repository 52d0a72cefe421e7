import Postgres
import Transparency

/// The tree over the log as it is sealed: hashes, proofs, tiles.
///
/// The event at position N is leaf N - 1. What is read is as it was sealed; whether the events still are, `Verifier` says.
package struct LogTree: Sendable {
    /// What the rows of the tree do not add up to: somebody has changed them.
    package struct Damage: Error, Equatable, CustomStringConvertible {
        let size: Int64
        package var description: String { "the tree over the first \(size) events is damaged; run footfallctl verify" }
    }

    /// What was sealed last.
    package struct Seal: Sendable {
        package let size: Int64
        package let root: MerkleHash
        /// Lines of a signed note.
        package let signatures: String

        /// What was signed, with the signatures; nil where there are none.
        package var note: SignedNote? {
            guard let name = signatures.split(separator: " ").dropFirst().first else { return nil }
            let checkpoint = Checkpoint(origin: String(name), size: size, root: root)
            return SignedNote(Array((checkpoint.text + "\n" + signatures).utf8))
        }
    }

    private let run: @Sendable (Statement) async throws -> Rows

    package init(on connection: Connection) { run = { try await connection.pipeline([$0])[0] } }
    package init(in pool: Pool) { run = { try await pool.query($0) } }

    /// The seal at which the tree had so many leaves, or the last one; nil where there is none.
    package func seal(of size: Int64? = nil) async throws -> Seal? {
        let statement =
            size.map { Self.sealBySize.statement(["size": .integer($0)]) } ?? Self.lastSeal.statement()
        guard let row = try await run(statement).first else { return nil }
        return try Self.seal(row)
    }

    /// The last seal with signatures, and so the checkpoint that others can verify; nil where no key was there yet.
    package func signedSeal() async throws -> Seal? {
        guard let row = try await run(Self.lastSignedSeal.statement()).first else { return nil }
        return try Self.seal(row)
    }

    private static func seal(_ row: Row) throws -> Seal {
        let size = try row.integer("size")
        guard let root = MerkleHash(try row.bytes("root")) else { throw Damage(size: size) }
        return Seal(size: size, root: root, signatures: try row.text("signatures"))
    }

    /// The right edge of the tree of a seal's size, from which leaves are added.
    func edge(of size: Int64) async throws -> TreeEdge {
        var levels: [[MerkleHash]] = []
        for (level, width) in TreeEdge.widths(size).enumerated() {
            let index = (size >> Int64(Tile.height * level)) / Int64(Tile.fullWidth)
            let tile = width == 0 ? nil : Tile(level: level, index: index, width: width)
            if let tile { levels.append(try await hashes(of: tile)) } else { levels.append([]) }
        }
        guard let edge = TreeEdge(size: size, levels: levels) else { throw Damage(size: size) }
        return edge
    }

    /// - Parameter tile: of a tree that is sealed.
    package func hashes(of tile: Tile) async throws -> [MerkleHash] {
        let first = tile.index * Int64(Tile.fullWidth)
        let end = first + Int64(tile.width)
        let hashes =
            tile.level == 0
            ? try await leaves(at: (first + 1)...end) : try await nodes(first..<end, level: tile.level)
        guard hashes.count == tile.width else { throw Damage(size: end * tile.leavesPerHash) }
        return hashes
    }

    /// The hashes of the events at some positions; fewer where they are not all sealed.
    package func leaves(at positions: ClosedRange<Int64>) async throws -> [MerkleHash] {
        let rows = try await run(
            Self.leaves.statement([
                "first": .integer(positions.lowerBound), "last": .integer(positions.upperBound),
            ]))
        var hashes: [MerkleHash] = []
        for row in rows {
            let bytes = try row.bytes("leaves")
            for start in stride(from: 0, to: bytes.count, by: MerkleHash.size) {
                if let hash = MerkleHash(bytes[start...].prefix(MerkleHash.size)) { hashes.append(hash) }
            }
        }
        return hashes
    }

    /// The hashes of complete subtrees side by side, of so many levels of tiles; fewer where they are not all there.
    func nodes(_ indices: Range<Int64>, level: Int) async throws -> [MerkleHash] {
        let rows = try await run(
            Self.nodes.statement([
                "level": .integer(level), "first": .integer(indices.lowerBound), "end": .integer(indices.upperBound),
            ]))
        return try rows.compactMap { MerkleHash(try $0.bytes("hash")) }
    }

    /// The proof that an event is in a tree.
    /// - Parameter size: that of a tree that is sealed.
    /// - Returns: the event's hash and those of the proof; nil where the tree does not have the event.
    package func inclusion(
        of position: Int64, in size: Int64
    ) async throws -> (leaf: MerkleHash, proof: [MerkleHash])? {
        guard let runs = MerkleTree(size: size).inclusion(of: position - 1) else { return nil }
        guard let leaf = try await leaves(at: position...position).first else { throw Damage(size: size) }
        return (leaf, try await hashes(of: runs, in: size))
    }

    /// The proof that a tree goes on an earlier one; nil where that is larger.
    /// - Parameter size: that of a tree that is sealed.
    package func consistency(from earlier: Int64, to size: Int64) async throws -> [MerkleHash]? {
        guard let runs = MerkleTree(size: size).consistency(with: earlier) else { return nil }
        return try await hashes(of: runs, in: size)
    }

    /// The root of the tree over the first events, computed from what is kept of it.
    package func root(of size: Int64) async throws -> MerkleHash {
        try await hashes(of: [MerkleTree(size: size).root], in: size)[0]
    }

    private func hashes(of runs: [MerkleTree.Run], in size: Int64) async throws -> [MerkleHash] {
        var tiles: [Tile: [MerkleHash]] = [:]
        for subtree in runs.joined() {
            guard let tile = Tile(for: subtree, inTreeOf: size) else { throw Damage(size: size) }
            if tiles[tile] == nil { tiles[tile] = try await hashes(of: tile) }
        }
        return try runs.map { run in
            try MerkleTree.hash(of: run) { subtree in
                guard let tile = Tile(for: subtree, inTreeOf: size),
                    let hash = tiles[tile].flatMap({ tile.hash(of: subtree, in: $0) })
                else { throw Damage(size: size) }
                return hash
            }
        }
    }
}

extension LogTree {
    private static let lastSeal = SQLQuery(
        "last_seal", "select size, root, signatures from seals order by size desc limit 1",
        columns: ["size": .integer, "root": .bytes, "signatures": .text])

    private static let lastSignedSeal = SQLQuery(
        "last_signed_seal",
        """
        select size, root, signatures from seals where signatures <> '' order by size desc limit 1
        """, columns: ["size": .integer, "root": .bytes, "signatures": .text])

    private static let sealBySize = SQLQuery(
        "seal_by_size", "select size, root, signatures from seals where size = :size",
        parameters: ["size": .integer],
        columns: ["size": .integer, "root": .bytes, "signatures": .text])

    private static let leaves = SQLQuery(
        "tree_leaves",
        """
        select substring(
          leaves from 32 * greatest(0, :first - first_position)::int + 1
          for 32 * (least(size, :last) - greatest(first_position, :first) + 1)::int) as leaves
        from seals
        where size >= :first and first_position <= :last
        order by size
        """, parameters: ["first": .integer, "last": .integer], columns: ["leaves": .bytes])

    private static let nodes = SQLQuery(
        "tree_nodes",
        "select hash from tree_nodes where level = :level and index >= :first and index < :end order by index",
        parameters: ["level": .integer, "first": .integer, "end": .integer], columns: ["hash": .bytes])

    package static let queries = [lastSeal, lastSignedSeal, sealBySize, leaves, nodes]
}
