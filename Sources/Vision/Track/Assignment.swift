/// Pairs rows with columns so that the sum of the costs is least; a pair with a nil cost is never made.
///
/// Leaving a row and a column apart costs `unmatched`, so a pair is made only where it is cheaper than that.
/// Shortest augmenting paths (Jonker and Volgenant, 1987) over a square matrix padded with `unmatched`.
/// - Returns: the column of each row, nil where it stays alone.
func leastCostAssignment(_ costs: [[Double?]], columns: Int, unmatched: Double) -> [Int?] {
    let rows = costs.count
    guard rows > 0, columns > 0 else { return Array(repeating: nil, count: rows) }
    let size = rows + columns
    func cost(_ row: Int, _ column: Int) -> Double {
        switch (row < rows, column < columns) {
        case (true, true): costs[row][column] ?? 2 * unmatched + 1
        case (false, false): 0
        default: unmatched
        }
    }
    // Potentials and the row matched to each column; index 0 is the start of the search, hence the shift by one.
    var rowPotential = Array(repeating: 0.0, count: size + 1)
    var columnPotential = Array(repeating: 0.0, count: size + 1)
    var rowOfColumn = Array(repeating: 0, count: size + 1)
    for row in 1...size {
        rowOfColumn[0] = row
        var column = 0
        var shortest = Array(repeating: Double.infinity, count: size + 1)
        var previous = Array(repeating: 0, count: size + 1)
        var visited = Array(repeating: false, count: size + 1)
        repeat {
            visited[column] = true
            let current = rowOfColumn[column]
            var step = Double.infinity
            var next = 0
            for candidate in 1...size where !visited[candidate] {
                let reduced =
                    cost(current - 1, candidate - 1) - rowPotential[current] - columnPotential[candidate]
                if reduced < shortest[candidate] {
                    shortest[candidate] = reduced
                    previous[candidate] = column
                }
                if shortest[candidate] < step {
                    step = shortest[candidate]
                    next = candidate
                }
            }
            for candidate in 0...size {
                if visited[candidate] {
                    rowPotential[rowOfColumn[candidate]] += step
                    columnPotential[candidate] -= step
                } else {
                    shortest[candidate] -= step
                }
            }
            column = next
        } while rowOfColumn[column] != 0
        while column != 0 {
            let before = previous[column]
            rowOfColumn[column] = rowOfColumn[before]
            column = before
        }
    }
    var result = [Int?](repeating: nil, count: rows)
    for column in 1...columns where rowOfColumn[column] <= rows {
        let row = rowOfColumn[column] - 1
        if costs[row][column - 1] != nil { result[row] = column - 1 }
    }
    return result
}
