import Synchronization

/// How many looks at streams that somebody asked for may be under way.
final class ProbePlaces: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// - Throws: `ProbeFailure.busy` where all places are taken.
    func take<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isFree = free.withLock { free in
            if free == 0 { return false }
            free -= 1
            return true
        }
        guard isFree else { throw ProbeFailure.busy }
        defer { free.withLock { $0 += 1 } }
        return try await body()
    }
}
