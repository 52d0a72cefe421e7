import Synchronization

/// States of streams as they were at some version, so that a command need not read what was read before.
///
/// An entry may be out of date: anyone who uses one has it confirmed by the log. Of `capacity` entries, the half used
/// last stay for certain, the others until the room is needed. All are of one history of the log, the last one that was
/// asked for. Safe for concurrent use.
package final class StateCache<State: Sendable>: Sendable {
    private struct Entries {
        var history = HistoryToken.only
        /// Used since the turn of generations, and used before it.
        var young: [StreamName: Folded<State>] = [:]
        var old: [StreamName: Folded<State>] = [:]

        /// Whether a history is the one that is kept, which it becomes where it is newer.
        mutating func turn(to newer: HistoryToken) -> Bool {
            if newer > history { self = Entries(history: newer) }
            return newer == history
        }
    }

    private let generationSize: Int
    private let entries = Mutex(Entries())

    /// - Parameter capacity: how many streams are kept at most.
    package init(capacity: Int) { generationSize = max(1, capacity / 2) }

    package var count: Int { entries.withLock { $0.young.count + $0.old.count } }

    package subscript(stream: StreamName, of history: HistoryToken = .only) -> Folded<State>? {
        entries.withLock { entries in
            guard entries.turn(to: history) else { return nil }
            if let folded = entries.young[stream] { return folded }
            guard let folded = entries.old.removeValue(forKey: stream) else { return nil }
            insert(folded, for: stream, into: &entries)
            return folded
        }
    }

    /// Keeps a state, unless a newer one is there or a newer history was asked for.
    package func keep(_ folded: Folded<State>, for stream: StreamName, of history: HistoryToken = .only) {
        entries.withLock { entries in
            guard entries.turn(to: history) else { return }
            let present = entries.young[stream] ?? entries.old.removeValue(forKey: stream)
            if let present, present.version >= folded.version {
                insert(present, for: stream, into: &entries)
            } else {
                insert(folded, for: stream, into: &entries)
            }
        }
    }

    package func drop(_ stream: StreamName) {
        entries.withLock { entries in
            entries.young[stream] = nil
            entries.old[stream] = nil
        }
    }

    private func insert(_ folded: Folded<State>, for stream: StreamName, into entries: inout Entries) {
        if entries.young[stream] == nil, entries.young.count == generationSize {
            entries.old = entries.young
            entries.young = [:]
        }
        entries.young[stream] = folded
    }
}
