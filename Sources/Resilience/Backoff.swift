/// Growing, jittered pauses between attempts.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var current: Duration

    package init(first: Duration = .seconds(1), longest: Duration = .seconds(30)) {
        self.first = first
        self.longest = longest
        current = first
    }

    /// The next pause: half to all of a length that doubles each time.
    package mutating func next() -> Duration {
        defer { current = min(longest, current * 2) }
        return current * Double.random(in: 0.5...1)
    }

    package mutating func reset() { current = first }

    /// Does `work` again after a pause whenever it fails or ends, until the task is cancelled or `work` throws
    /// `CancellationError`. After a minute of work the pauses begin again.
    package static func retrying(
        first: Duration = .milliseconds(100), longest: Duration, _ work: () async throws -> Void,
        onError: (any Error) -> Void
    ) async {
        var backoff = Backoff(first: first, longest: longest)
        while !Task.isCancelled {
            let began = ContinuousClock.now
            do { try await work() } catch is CancellationError { return } catch { onError(error) }
            if began.duration(to: .now) > .seconds(60) { backoff.reset() }
            try? await Task.sleep(for: backoff.next())  // cancellation ends the loop
        }
    }
}
