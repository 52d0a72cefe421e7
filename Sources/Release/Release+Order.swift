extension Release {
    /// Whether a version comes after another by the precedence of Semantic Versioning 2.0.0, item 11. A part that is no
    /// number where one belongs counts as 0.
    package static func isLater(_ version: String, than other: String) -> Bool {
        let (one, two) = (parts(version), parts(other))
        if one.core != two.core { return two.core.lexicographicallyPrecedes(one.core) }
        // A release comes after what was tried before it.
        if one.before.isEmpty || two.before.isEmpty { return one.before.isEmpty && !two.before.isEmpty }
        return two.before.lexicographicallyPrecedes(one.before) { precedes($0, $1) }
    }

    private static func parts(_ version: String) -> (core: [Int], before: [Substring]) {
        let named = version.prefix { $0 != "+" }
        let core = named.prefix { $0 != "-" }
        let numbers = core.split(separator: ".").map { Int($0) ?? 0 }
        return (numbers, named.dropFirst(core.count + 1).split(separator: "."))
    }

    private static func precedes(_ one: Substring, _ other: Substring) -> Bool {
        switch (Int(one), Int(other)) {
        case (let one?, let other?): one < other
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): one.utf8.lexicographicallyPrecedes(other.utf8)
        }
    }
}
