import EventLog
import EventSourcing
import Foundation
import HTTPTypes
import Testing
import Transparency

/// The log as a tiled log, and its proofs, as a client sees them.
@Suite(.timeLimit(.minutes(5))) struct TreeProofTests {
    private let signer: NoteSigner

    init() throws { signer = try #require(NoteSigner(name: "shop.example/log", seed: Array(repeating: 3, count: 32))) }

    private func seal(_ api: TestAPI) async throws {
        try await Sealer(on: try #require(api.target), signers: [signer], logger: .silent).sealAll()
    }

    private static func hash(_ json: JSON?) throws -> MerkleHash {
        let data = try #require(json?.string.flatMap { Data(base64Encoded: $0) })
        return try #require(MerkleHash(data))
    }

    private static func hashes(_ answer: Answer) throws -> [MerkleHash] {
        try #require(answer["hashes"]?.array).map { try hash($0) }
    }

    @Test func aClientThatTrustsNothingElseVerifiesTheLog() async throws {
        try await withAPI(projecting: false) { api in
            try await api.get("/audit/checkpoint").expectProblem(404, "checkpoint_not_found")
            try await api.get("/audit/1/proof").expectProblem(404, "checkpoint_not_found")
            try await api.register()
            for _ in 0..<3 { _ = try await api.post("/cameras/1/start") }
            try await seal(api)
            let first = try await checkpoint(api)
            for _ in 0..<5 { _ = try await api.post("/cameras/1/restart") }
            try await seal(api)
            let last = try await checkpoint(api)
            #expect(first.size > 0 && last.size > first.size)

            for position in 1...last.size {
                let answer = try await api.get("/audit/\(position)/proof")
                #expect(answer["size"]?.integer == last.size)
                let root = MerkleProof.root(
                    of: try Self.hash(answer["leaf"]), at: position - 1, in: last.size, try Self.hashes(answer))
                #expect(root == last.root)
                #expect(answer.header("Cache-Control") == "no-store")
            }
            let consistency = try await api.get("/audit/consistency?from=\(first.size)&to=\(last.size)")
            #expect(try Self.hash(consistency["from_root"]) == first.root)
            #expect(
                MerkleProof.isConsistent(
                    (first.size, first.root), (last.size, last.root), try Self.hashes(consistency)))
            #expect(consistency.header("Cache-Control") == "private, max-age=31536000, immutable")

            let earlier = try await api.get("/audit/1/proof?size=\(first.size)")
            #expect(
                MerkleProof.root(
                    of: try Self.hash(earlier["leaf"]), at: 0, in: first.size, try Self.hashes(earlier)) == first.root)
            #expect(earlier.header("Cache-Control") == "private, max-age=31536000, immutable")
        }
    }

    /// The note, once its signature was checked.
    private func checkpoint(_ api: TestAPI) async throws -> Checkpoint {
        let answer = try await api.get("/audit/checkpoint")
        #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(answer.header("Cache-Control") == "no-store")
        let note = try #require(SignedNote(Array(answer.body.utf8)))
        #expect(note.verified(by: [signer.key]) == [signer.key])
        return try #require(Checkpoint(text: note.text))
    }

    @Test func tilesAreServedAsTheSpecificationNamesThem() async throws {
        try await withAPI(projecting: false) { api in
            let names = (1...300).map { StreamName("s\($0)") }
            for name in names {
                _ = try await api.log.append([Append(to: name, events: [NewEvent(type: "Thing", data: [:])])])
            }
            try await seal(api)
            let full = try await api.bytes("/audit/tile/0/000")
            let partial = try await api.bytes("/audit/tile/0/001.p/44")
            let above = try await api.bytes("/audit/tile/1/000.p/1")
            #expect(full.count == 8192 && partial.count == 44 * 32 && above.count == 32)
            #expect(try await api.bytes("/audit/tile/0/001.p/7") == Array(partial.prefix(7 * 32)))

            var edge = TreeEdge()
            var roots: [MerkleHash] = []
            for start in stride(from: 0, to: 300 * 32, by: 32) {
                let leaf = try #require(MerkleHash((full + partial)[start..<start + 32]))
                roots += edge.append(leaf).map(\.root)
            }
            #expect(roots.map(\.bytes) == [above])
            #expect(edge.root == (try await checkpoint(api)).root)

            for path in ["0/001", "0/001.p/45", "1/000.p/2", "2/000.p/1", "0/0", "9/000", "0/x001/000", "0/000.p/0"] {
                try await api.get("/audit/tile/\(path)").expectProblem(404, "tile_not_found")
            }
        }
    }

    @Test func whatIsNotSealedHasNoProof() async throws {
        try await withAPI(projecting: false) { api in
            try await api.register()
            try await seal(api)
            let size = try await checkpoint(api).size
            try await api.get("/audit/\(size + 1)/proof").expectProblem(404, "event_not_found")
            try await api.get("/audit/x/proof").expectProblem(404, "event_not_found")
            try await api.get("/audit/0/proof").expectProblem(404, "event_not_found")
            try await api.get("/audit/1/proof?size=\(size + 1)").expectProblem(404, "checkpoint_not_found")
            try await api.get("/audit/consistency?from=\(size + 1)").expectProblem(404, "checkpoint_not_found")
            let order = try await api.get("/audit/consistency?from=2&to=1")
            order.expectProblem(422, "validation_failed")
            #expect(order.faults == ["from out_of_range"])
        }
    }
}

extension TestAPI {
    fileprivate func bytes(_ path: String) async throws -> [UInt8] {
        let response = try await client.execute(uri: "/api/v1" + path, method: .get)
        #expect(response.status == .ok && response.headers[.contentType] == "application/octet-stream")
        #expect(response.headers[.cacheControl] == "private, max-age=31536000, immutable")
        return Array(buffer: response.body)
    }
}
