import Testing

@testable import Vision

@Suite struct AssignmentTests {
    @Test func theSumOfCostsIsLeast() {
        // Greedy would take the 1 and be left with the 10.
        let costs: [[Double?]] = [[1, 2], [2, 10]]
        #expect(leastCostAssignment(costs, columns: 2, unmatched: 100) == [1, 0])
    }

    @Test func forbiddenPairsAreNeverMade() {
        let costs: [[Double?]] = [[nil, nil], [nil, 3]]
        #expect(leastCostAssignment(costs, columns: 2, unmatched: 100) == [nil, 1])
    }

    @Test func pairsDearerThanStayingApartAreNotMade() {
        #expect(leastCostAssignment([[25]], columns: 1, unmatched: 10) == [nil])
        #expect(leastCostAssignment([[15]], columns: 1, unmatched: 10) == [0])
    }

    @Test func negativeCostsAreUnderstood() {
        let costs: [[Double?]] = [[-5, -1], [-4, -3]]
        #expect(leastCostAssignment(costs, columns: 2, unmatched: 10) == [0, 1])
    }

    @Test func emptySidesGiveNothing() {
        #expect(leastCostAssignment([], columns: 3, unmatched: 1) == [])
        #expect(leastCostAssignment([[], []], columns: 0, unmatched: 1) == [nil, nil])
    }

    @Test func randomMatricesAgreeWithTryingAll() {
        var random = SplitMix(state: 5)
        for _ in 0..<200 {
            let rows = 1 + Int(random.next() % 4)
            let columns = 1 + Int(random.next() % 4)
            let costs = (0..<rows).map { _ in
                (0..<columns).map { _ in random.next() % 4 == 0 ? nil : Double(random.next() % 50) }
            }
            let found = total(leastCostAssignment(costs, columns: columns, unmatched: 20), costs, columns)
            #expect(found == best(costs, columns, row: 0, used: []))
        }
    }

    private func total(_ assigned: [Int?], _ costs: [[Double?]], _ columns: Int) -> Double {
        var sum = 0.0
        for (row, column) in assigned.enumerated() {
            if let column, let cost = costs[row][column] { sum += cost } else { sum += 20 }
        }
        return sum + 20 * Double(columns - assigned.compactMap { $0 }.count)
    }

    private func best(_ costs: [[Double?]], _ columns: Int, row: Int, used: Set<Int>) -> Double {
        guard row < costs.count else { return 20 * Double(columns - used.count) }
        var least = 20 + best(costs, columns, row: row + 1, used: used)
        for column in 0..<columns where !used.contains(column) {
            guard let cost = costs[row][column] else { continue }
            least = min(least, cost + best(costs, columns, row: row + 1, used: used.union([column])))
        }
        return least
    }
}
