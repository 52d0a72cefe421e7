extension [Double] {
    /// NaN where there is none.
    package var median: Double {
        let sorted = sorted()
        if sorted.isEmpty { return .nan }
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}

extension Duration {
    package var seconds: Double { self / .seconds(1) }
    package var milliseconds: Double { self / .milliseconds(1) }
}
