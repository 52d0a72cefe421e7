import EventSourcing
import Postgres
import Transparency

/// Adds events to the tree, on the session that holds the lock of sealing.
struct TreeSealer {
    enum Failure: Error, Equatable, CustomStringConvertible {
        /// The last seal is not what was sealed, or not what its signature says.
        case altered(size: Int64)

        var description: String {
            switch self {
            case .altered(let size): "the seal of the first \(size) events was altered; run footfallctl verify"
            }
        }
    }

    /// How many events one seal covers at most.
    static let eventsPerSeal = 4096

    /// Sign checkpoints, all in one name, the log's origin; none where no key is at hand.
    let signers: [NoteSigner]
    /// The tree as this process has sealed it: what others do to the rows meanwhile is not signed.
    private var edge: TreeEdge?

    init(signers: [NoteSigner]) { self.signers = signers }

    /// Seals all events that there are.
    /// - Returns: how many were sealed.
    mutating func seal(on connection: Connection) async throws -> Int64 {
        let head = try await ArchivedEvents(on: connection).ends().head
        var edge = try await current(on: connection)
        let first = edge.size + 1
        while edge.size < head {
            let last = min(head, edge.size + Int64(Self.eventsPerSeal))
            try await seal(edge.size + 1...last, of: &edge, on: connection)
            self.edge = edge
        }
        return max(0, head - first + 1)
    }

    /// The tree up to the last seal.
    private func current(on connection: Connection) async throws -> TreeEdge {
        let tree = LogTree(on: connection)
        guard let seal = try await tree.seal() else {
            guard edge == nil || edge?.size == 0 else { throw Failure.altered(size: edge?.size ?? 0) }
            return TreeEdge()
        }
        if let edge, edge.size == seal.size {
            guard edge.root == seal.root else { throw Failure.altered(size: seal.size) }
            return edge
        }
        // This process has not sealed yet, or another one has since.
        let read = try await tree.edge(of: seal.size)
        guard read.root == seal.root, isSigned(seal) else { throw Failure.altered(size: seal.size) }
        return read
    }

    /// Whether the signatures by our keys hold, where a seal has any; a log that had no key has none.
    private func isSigned(_ seal: LogTree.Seal) -> Bool {
        guard !signers.isEmpty, !seal.signatures.isEmpty else { return true }
        guard let note = seal.note else { return false }
        let keys = signers.map(\.key)
        let ours = keys.filter { key in note.signatures.contains { $0.name == key.name && $0.keyID == key.id } }
        return note.verified(by: keys) == ours
    }

    private func seal(
        _ positions: ClosedRange<Int64>, of edge: inout TreeEdge, on connection: Connection
    ) async throws {
        var grown = edge
        var leaf = EventLeaf()
        var leaves: [UInt8] = []
        var nodes: (levels: [Int64], indices: [Int64], hashes: [UInt8]) = ([], [], [])
        try await StoredEvents(connection: connection).forEach(in: positions) { event in
            guard event.position == grown.size + 1 else { throw Sealer.Failure.missing(position: grown.size + 1) }
            let hash = leaf.hash(of: event)
            leaves += hash.bytes
            for (tile, root) in grown.append(hash) {
                nodes.levels.append(Int64(tile.level + 1))
                nodes.indices.append(tile.index)
                nodes.hashes += root.bytes
            }
        }
        guard grown.size == positions.upperBound else { throw Sealer.Failure.missing(position: grown.size + 1) }
        // Both or neither.
        _ = try await connection.pipeline([
            Self.insertNodes.statement([
                "levels": .integers(nodes.levels), "indices": .integers(nodes.indices),
                "hashes": .bytea(nodes.hashes),
            ]),
            Self.insertSeal.statement([
                "size": .integer(grown.size), "first_position": .integer(positions.lowerBound),
                "leaves": .bytea(leaves), "root": .bytea(grown.root.bytes),
                "signatures": .text(try signatures(of: grown)),
            ]),
        ])
        edge = grown
    }

    private func signatures(of edge: TreeEdge) throws -> String {
        guard let origin = signers.first?.key.name else { return "" }
        let checkpoint = Checkpoint(origin: origin, size: edge.size, root: edge.root)
        return try signers.map { try $0.signature(of: checkpoint.text, at: 0).line + "\n" }.joined()
    }
}

extension TreeSealer {
    private static let insertNodes = SQLQuery(
        "insert_tree_nodes",
        """
        insert into tree_nodes (level, index, hash)
        select node.level, node.index, substring(:hashes from 32 * (node.place - 1)::int + 1 for 32)
        from unnest(:levels, :indices) with ordinality as node (level, index, place)
        """, parameters: ["hashes": .bytea, "levels": .integers, "indices": .integers])

    private static let insertSeal = SQLQuery(
        "insert_seal",
        """
        insert into seals (size, first_position, leaves, root, signatures)
        values (:size, :first_position, :leaves, :root, :signatures)
        """,
        parameters: [
            "size": .integer, "first_position": .integer, "leaves": .bytea, "root": .bytea, "signatures": .text,
        ])

    static let queries = [insertNodes, insertSeal]
}
