import Counting
import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import Transparency

/// Proofs that the log is as it was sealed, for anyone who trusts nobody here: the tree over its events as a tiled log
/// (c2sp.org/tlog-tiles), and proofs of RFC 9162 made from it.
struct TreeReads: Sendable {
    let tree: LogTree

    private static let plainText = "text/plain; charset=utf-8"
    /// What never changes, and yet is not for everybody.
    fileprivate static let immutable = HTTPField(name: .cacheControl, value: "private, max-age=31536000, immutable")

    /// The last checkpoint, a signed note.
    @Sendable func checkpoint(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        guard let note = try await tree.signedSeal()?.note else {
            throw Problem(.checkpointNotFound, "No checkpoint of this log was signed yet.")
        }
        return Response(
            status: .ok, headers: [.contentType: Self.plainText],
            body: ResponseBody(byteBuffer: ByteBuffer(string: note.description)))
    }

    /// Hashes of the tree, 32 bytes each.
    @Sendable func tile(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let path = Self.places.compactMap { context.parameters.get($0) }.joined(separator: "/")
        guard let tile = Tile(path: path), let seal = try await tree.seal(), tile.isIn(treeOf: seal.size) else {
            throw Problem(.tileNotFound, "The tree has no such tile.")
        }
        let hashes = try await tree.hashes(of: tile).flatMap(\.bytes)
        var headers: HTTPFields = [.contentType: "application/octet-stream"]
        headers.append(Self.immutable)
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: hashes)))
    }

    /// The parts of a tile's path, as routes name them: the level, an index of up to nine digits, and a width.
    private static let places = ["level", "first", "second", "third", "fourth"]

    /// A route for each number of parts.
    var tileRoutes: [Route] {
        (2...Self.places.count).map { count in
            Route(
                .get, "/audit/tile/" + Self.places.prefix(count).map { ":" + $0 }.joined(separator: "/"),
                .unlimited(.admin), tile)
        }
    }

    /// The proof that an event is in the log.
    @Sendable func inclusion(_ request: Request, _ context: APIContext) async throws -> Response {
        let size = try Query.read(request) { $0.optional("size", QueryRule.integer(in: 1...Int64.max)) }
        guard let position = context.pathPosition, position > 0 else {
            throw Problem(.eventNotFound, "The log holds no event at this position.")
        }
        let (sealed, root) = try await sealed(size)
        guard let (leaf, proof) = try await tree.inclusion(of: position, in: sealed) else {
            throw Problem(.eventNotFound, "No event at this position is sealed in the tree of \(sealed) events.")
        }
        let body: JSON = [
            "position": .integer(position), "size": .integer(sealed), "root": .base64(root), "leaf": .base64(leaf),
            "hashes": .array(proof.map(JSON.base64)),
        ]
        return .proof(body, isFixed: size != nil)
    }

    /// The proof that the log goes on what it was.
    @Sendable func consistency(_ request: Request, _ context: APIContext) async throws -> Response {
        let (from, to) = try Query.read(request) { query in
            let from = query.value("from", default: 0, QueryRule.integer(in: 0...Int64.max))
            let to = query.optional("to", QueryRule.integer(in: 1...Int64.max))
            return query.make(at: "from") { () throws -> (Int64, Int64?) in
                let (from, to) = (try from.get(), try to.get())
                guard from <= to ?? .max else {
                    throw InvalidValue(.outOfRange, "`from` is not larger than `to`.")
                }
                return (from, to)
            }
        }
        let (size, root) = try await sealed(to)
        guard let proof = try await tree.consistency(from: from, to: size) else {
            throw Problem(.checkpointNotFound, "The tree has \(size) events, fewer than \(from).")
        }
        let body: JSON = [
            "from": .integer(from), "from_root": .base64(from == 0 ? .empty : try await tree.root(of: from)),
            "to": .integer(size), "to_root": .base64(root), "hashes": .array(proof.map(JSON.base64)),
        ]
        return .proof(body, isFixed: to != nil)
    }

    /// The tree of that size, or of the last seal.
    private func sealed(_ size: Int64?) async throws -> (size: Int64, root: MerkleHash) {
        guard let seal = try await tree.seal(), size ?? 0 <= seal.size else {
            throw Problem(.checkpointNotFound, "So many events are not sealed.")
        }
        guard let size, size != seal.size else { return (seal.size, seal.root) }
        return (size, try await tree.root(of: size))
    }
}

extension JSON {
    fileprivate static func base64(_ hash: MerkleHash) -> JSON {
        .string(Data(hash.bytes).base64EncodedString())
    }
}

extension Response {
    /// - Parameter isFixed: whether the request names the tree, so that the answer never changes.
    fileprivate static func proof(_ body: JSON, isFixed: Bool) -> Response {
        var response = Response.json(body.bytes, position: nil)
        if isFixed {
            response.headers.append(TreeReads.immutable)
        }
        return response
    }
}
