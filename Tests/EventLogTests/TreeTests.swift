import EventLog
import EventSourcing
import Postgres
import TestSupport
import Testing
import Transparency

/// The tree over the log. One test after another, for each holds several connections.
@Suite(.serialized) struct TreeTests {
    private let signer: NoteSigner

    init() throws { signer = try #require(NoteSigner(name: "shop.example/log", seed: Array(repeating: 3, count: 32))) }

    /// An event's leaf, made from what its definition says.
    private static func leaf(_ event: RecordedEvent) -> MerkleHash {
        var bytes: [UInt8] = []
        for number in [event.position, event.version, event.recordedAt.microseconds] {
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
        }
        bytes += [UInt8(truncatingIfNeeded: event.schemaVersion >> 8), UInt8(truncatingIfNeeded: event.schemaVersion)]
        for text in [Array(event.stream.rawValue.utf8), Array(event.type.utf8), event.data, event.metadata] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: text.count >> (24 - 8 * $0)) } + text
        }
        return .leaf(bytes)
    }

    @Test func everyEventIsProvedToBeInEachLaterTree() async throws {
        try await SealFixture.with { log in
            let sizes: [Int64] = [3, 17, 18, 40]
            for size in sizes {
                try await log.append(Int(size - (try await log.log.head())))
                try await log.seal()
            }
            let events = try await log.events()
            let tree = LogTree(in: log.pool)
            for size in sizes {
                let seal = try #require(try await tree.seal(of: size))
                #expect(try await tree.root(of: size) == seal.root)
                for event in events {
                    let found = try await tree.inclusion(of: event.position, in: size)
                    guard event.position <= size else {
                        #expect(found == nil)
                        continue
                    }
                    let (leaf, proof) = try #require(found)
                    #expect(leaf == Self.leaf(event))
                    #expect(MerkleProof.root(of: leaf, at: event.position - 1, in: size, proof) == seal.root)
                }
                for earlier in sizes where earlier <= size {
                    let before = try #require(try await tree.seal(of: earlier))
                    let proof = try #require(try await tree.consistency(from: earlier, to: size))
                    #expect(MerkleProof.isConsistent((earlier, before.root), (size, seal.root), proof))
                }
            }
            #expect(try await tree.seal()?.size == 40)
            #expect(try await tree.seal(of: 39) == nil)
            #expect(try await tree.consistency(from: 40, to: 18) == nil)
        }
    }

    @Test func fullTilesAreKeptAndTheirHashesCompared() async throws {
        try await SealFixture.with { log in
            try await log.append(300)
            try await log.seal()
            try await log.append(220)
            try await log.seal()
            let tree = LogTree(in: log.pool)
            let full = try #require(Tile(level: 0, index: 1))
            let leaves = try await tree.hashes(of: full)
            #expect(leaves == (try await log.events())[256..<512].map(Self.leaf))
            let above = try #require(Tile(level: 1, index: 0, width: 2))
            #expect(try await tree.hashes(of: above).count == 2)
            let wider = try #require(Tile(level: 1, index: 0, width: 3))
            await #expect(throws: LogTree.Damage.self) { try await tree.hashes(of: wider) }
            #expect(try await log.verify().unsealed == 0)

            await #expect(throws: PostgresError.self) { try await log.connection.script("delete from tree_nodes") }
            try await log.tamper("update tree_nodes set hash = sha256('x') where index = 1")
            #expect(try await log.finding() == .tree(size: 512, reason: "the hash of a subtree is another"))
        }
    }

    @Test func checkpointsAreSignedFromTheFirstSealWithAKeyOn() async throws {
        try await SealFixture.with { log in
            try await log.append(5)
            try await log.seal()
            try await log.append(5)
            try await log.seal(signer)
            try await log.append(5)
            try await log.seal(signer)
            let tree = LogTree(in: log.pool)
            #expect(try await tree.seal(of: 5)?.note == nil)
            #expect(try await tree.signedSeal()?.size == 15)
            for size in [10, 15] as [Int64] {
                let seal = try #require(try await tree.seal(of: size))
                let note = try #require(seal.note)
                #expect(
                    Checkpoint(text: note.text) == Checkpoint(origin: "shop.example/log", size: size, root: seal.root))
                #expect(note.verified(by: [signer.key]) == [signer.key])
            }
        }
    }

    /// Somebody who may do anything with the database, and has the signing key too.
    @Test func aLogThatWasSealedAnewWithTheKeyIsFoundByAKeptCheckpoint() async throws {
        try await SealFixture.with { log in
            try await log.append(12)
            try await log.seal(signer)
            let kept = try #require(try await LogTree(in: log.pool).signedSeal()?.note)
            let checkpoint = try #require(Checkpoint(text: kept.text))
            try await log.append(12)
            try await log.seal(signer)
            #expect(try await log.verify(checkpoints: [checkpoint]).unsealed == 0)

            try await log.tamper("update events set data = '{}' where position = 4; \(SealFixture.withoutSeals)")
            try await log.seal(signer)
            #expect(try await log.verify().unsealed == 0)
            await #expect(
                throws: Verifier.Finding.tree(
                    size: 12, reason: "its root is not that of the checkpoint that was kept elsewhere")
            ) { try await log.verify(checkpoints: [checkpoint]) }

            let ahead = Checkpoint(origin: checkpoint.origin, size: 25, root: checkpoint.root)
            await #expect(
                throws: Verifier.Finding.tree(
                    size: 25, reason: "only 24 are sealed, but a checkpoint of it was kept elsewhere")
            ) { try await log.verify(checkpoints: [ahead]) }
        }
    }

    @Test func aKeyIsReplacedWithTheSignaturesOfBoth() async throws {
        let next = try #require(NoteSigner(name: signer.key.name, seed: Array(repeating: 4, count: 32)))
        try await SealFixture.with { log in
            for signers in [[signer], [signer, next], [next]] {
                try await log.append(5)
                try await Sealer(on: log.target, signers: signers, logger: .silent).sealAll()
            }
            let seal = try #require(try await LogTree(in: log.pool).seal(of: 10))
            let note = try #require(seal.note)
            #expect(note.verified(by: [signer.key, next.key]) == [signer.key, next.key])
        }
    }

    struct Forgery: CustomTestStringConvertible {
        let testDescription: String
        let sql: String
    }

    /// What somebody with the database alone can make of the last seal, of whose key they have nothing.
    @Test(arguments: [
        Forgery(testDescription: "another root", sql: "update seals set root = sha256('x') where size = 20"),
        Forgery(
            testDescription: "another root, and the signature of another seal",
            sql: """
                update seals set root = earlier.root, signatures = earlier.signatures
                from seals as earlier where seals.size = 20 and earlier.size = 10
                """),
        Forgery(
            testDescription: "another event",
            sql: """
                update seals
                set leaves = overlay(leaves placing sha256('x') from 1), root = sha256('x')
                where size = 20
                """),
        Forgery(
            testDescription: "no signature that is one", sql: "update seals set signatures = 'x' where size = 20"),
    ])
    func nothingIsSealedOnASealThatWasAltered(_ forgery: Forgery) async throws {
        try await SealFixture.with { log in
            for _ in 0..<2 {
                try await log.append(10)
                try await log.seal(signer)
            }
            try await log.append(1)
            try await log.tamper(forgery.sql)
            await #expect(throws: (any Error).self) { try await log.seal(signer) }
            #expect(try await log.integer("select max(size) from seals") == 20)
        }
    }
}
