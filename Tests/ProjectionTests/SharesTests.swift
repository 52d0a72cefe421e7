import TestSupport
import Testing

@testable import Projector

/// How processes come to an even share, each deciding for itself.
@Suite struct SharesTests {
    private let names: Set<String> = ["a", "b", "c", "d", "e"]

    /// Lets the processes act in a random order until none of them has anything to do.
    /// - Returns: how often a projection changed hands.
    private func settle(_ shares: inout Shares, _ random: inout SeededGenerator) -> Int {
        var moves = 0
        var isQuiet = false
        while !isQuiet, moves < 1000 {
            isQuiet = true
            for session in shares.able.keys.sorted().shuffled(using: &random) {
                // What it sees may be as old as its neighbour's last act, but no older.
                if let excess = shares.toGiveUp(by: session) {
                    shares.holding[session]?.remove(excess)
                    isQuiet = false
                }
                while let free = shares.toTake(by: session) {
                    shares.holding[session, default: []].insert(free)
                    moves += 1
                    isQuiet = false
                }
            }
        }
        return moves
    }

    private func loads(_ shares: Shares) -> [Int] {
        shares.able.keys.map { shares.holding[$0, default: []].count }.sorted()
    }

    @Test(arguments: UInt64(1)...50)
    func processesThatComeAndGoShareEvenlyAndThenRest(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var shares = Shares()
        for session in Int64(1)...20 {
            if shares.able.count > 1, Bool.random(using: &random),
                let gone = shares.able.keys.sorted().randomElement(using: &random)
            {
                shares.able[gone] = nil
                shares.holding[gone] = nil
            } else {
                shares.able[session] = names
            }
            let before = shares
            let moves = settle(&shares, &random)
            #expect(shares.holding.values.reduce(0) { $0 + $1.count } == names.count)
            #expect(shares.holding.values.reduce(into: Set()) { $0.formUnion($1) } == names)
            let loads = loads(shares)
            #expect((loads.last ?? 0) - (loads.first ?? 0) <= 1, "\(before) → \(shares)")
            #expect(moves <= 2 * names.count)
            #expect(settle(&shares, &random) == 0)
        }
    }

    /// While a release is being rolled out, some processes lack a projection that others have.
    @Test(arguments: UInt64(1)...20)
    func whatOnlyOneReleaseHasIsAppliedByIt(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var shares = Shares()
        shares.able = [1: ["a", "b", "c"], 2: ["a"], 3: []]
        _ = settle(&shares, &random)
        #expect(shares.holding[1, default: []].isSuperset(of: ["b", "c"]))
        #expect(shares.holding[2] == ["a"])
        #expect(settle(&shares, &random) == 0)
    }

    @Test func nothingIsGivenUpWhileTheOtherHasSomethingToTake() {
        var shares = Shares(able: [1: names, 2: names], holding: [1: ["a", "b", "c", "d"]])
        #expect(shares.toGiveUp(by: 1) == nil)
        #expect(shares.toTake(by: 1) == nil)
        #expect(shares.toTake(by: 2) == "e")
        shares.holding[2] = ["e"]
        #expect(shares.toGiveUp(by: 1) == "d")
        #expect(shares.toGiveUp(by: 2) == nil)
    }
}
