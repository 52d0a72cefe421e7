import Postgres
import Transparency

/// Grows the tree anew from the hashes of leaves that were found to be those of the events, and compares each seal and each
/// subtree that is kept.
struct TreeVerifier {
    let connection: Connection
    private var edge = TreeEdge()
    /// Those that were kept elsewhere and are still to come, the smallest last.
    private var kept: [Checkpoint]

    /// - Parameter checkpoints: those that were kept elsewhere.
    init(connection: Connection, checkpoints: [Checkpoint]) {
        self.connection = connection
        kept = checkpoints.sorted { $0.size > $1.size }
        while kept.last?.size == 0 { kept.removeLast() }
    }

    /// The hashes of events that are sealed, one for each position.
    func leaves(at positions: ClosedRange<Int64>) async throws -> [MerkleHash] {
        let leaves = try await LogTree(on: connection).leaves(at: positions)
        guard leaves.count == positions.count else {
            throw Verifier.Finding.tree(
                size: positions.upperBound, reason: "it does not have a hash for each event")
        }
        return leaves
    }

    /// - Parameters:
    ///   - positions: those that follow what was checked before.
    ///   - leaves: a hash for each of them.
    mutating func check(_ positions: ClosedRange<Int64>, _ leaves: [MerkleHash]) async throws {
        let seals = try await connection.query(
            Self.seals, ["first": .integer(positions.lowerBound), "last": .integer(positions.upperBound)])
        var roots = try seals.map { (size: try $0.integer("size"), root: MerkleHash(try $0.bytes("root"))) }[...]
        var full: [(tile: Tile, root: MerkleHash)] = []
        for leaf in leaves {
            full += edge.append(leaf)
            while let checkpoint = kept.last, checkpoint.size == edge.size {
                guard checkpoint.root == edge.root else {
                    throw Verifier.Finding.tree(
                        size: edge.size, reason: "its root is not that of the checkpoint that was kept elsewhere")
                }
                kept.removeLast()
            }
            guard let seal = roots.first, seal.size == edge.size else { continue }
            guard seal.root == edge.root else {
                throw Verifier.Finding.tree(size: edge.size, reason: "its root is not that of the events")
            }
            roots.removeFirst()
        }
        for level in Set(full.map(\.tile.level)).sorted() { try await check(full.filter { $0.tile.level == level }) }
    }

    /// To be called at the end of the tree.
    func finish() throws {
        guard let checkpoint = kept.last else { return }
        throw Verifier.Finding.tree(
            size: checkpoint.size, reason: "only \(edge.size) are sealed, but a checkpoint of it was kept elsewhere")
    }

    /// Tiles of one level, side by side: each must be a node of the level above.
    private func check(_ tiles: [(tile: Tile, root: MerkleHash)]) async throws {
        guard let first = tiles.first?.tile, let last = tiles.last?.tile else { return }
        let kept = try await LogTree(on: connection).nodes(first.index..<last.index + 1, level: first.level + 1)
        guard kept == tiles.map(\.root) else {
            throw Verifier.Finding.tree(
                size: (last.index + 1) * Int64(Tile.fullWidth) * last.leavesPerHash,
                reason: "the hash of a subtree is another")
        }
    }

    private static let seals = SQLQuery(
        "seals_between", "select size, root from seals where size >= :first and size <= :last order by size",
        parameters: ["first": .integer, "last": .integer], columns: ["size": .integer, "root": .bytes])

    static let queries = [seals]
}
