import Synchronization

/// Keeps a flood out of the log: of each kind of line so many are written within a second, and of the others their number
/// alone.
package final class FloodGate: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private struct Window {
        var began: Instant
        var lines = 0
        var held = 0
    }

    private static let length = Duration.seconds(1)

    private let lines: Int
    private let now: @Sendable () -> Instant
    private let windows = Mutex<[String: Window]>([:])

    /// - Parameter lines: how many of a kind are written within a second.
    package init(lines: Int = 10, now: @escaping @Sendable () -> Instant = { .now }) {
        self.lines = lines
        self.now = now
    }

    /// Whether a line of this kind is written; one that is not is counted.
    /// - Parameter kind: one of few, and none that a client makes up.
    package func admits(_ kind: String) -> Bool {
        let now = now()
        return windows.withLock { windows in
            var window = windows[kind] ?? Window(began: now)
            // What was held stays until somebody asks for it.
            if window.began + Self.length <= now { window = Window(began: now, held: window.held) }
            window.lines += 1
            let isWritten = window.lines <= lines
            if !isWritten { window.held += 1 }
            windows[kind] = window
            return isWritten
        }
    }

    /// How many lines of each kind were not written since it was asked last.
    package func takeHeld() -> [String: Int] {
        windows.withLock { windows in
            let held = windows.mapValues(\.held).filter { $0.value > 0 }
            for kind in held.keys { windows[kind]?.held = 0 }
            return held
        }
    }
}
