import Crypto
import EventSourcing
import Synchronization

/// Whom tokens that were verified name, by the tokens' SHA-256, so that a token is verified once and not at each request.
///
/// Bounded: of `capacity` entries the half used last stay for certain. Safe for concurrent use.
final class TokenCache<Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let expiry: Timestamp
    }

    private struct Entries {
        /// Used since the turn of generations, and used before it.
        var young: [SHA256Digest: Entry] = [:]
        var old: [SHA256Digest: Entry] = [:]
    }

    private let generationSize: Int
    private let entries = Mutex(Entries())

    init(capacity: Int) { generationSize = max(1, capacity / 2) }

    var count: Int { entries.withLock { $0.young.count + $0.old.count } }

    func value(for token: SHA256Digest, at now: Timestamp) -> Value? {
        entries.withLock { entries in
            if let entry = entries.young[token] {
                if now < entry.expiry { return entry.value }
                entries.young[token] = nil
                return nil
            }
            guard let entry = entries.old.removeValue(forKey: token), now < entry.expiry else { return nil }
            insert(entry, for: token, into: &entries)
            return entry.value
        }
    }

    func keep(_ value: Value, for token: SHA256Digest, until expiry: Timestamp) {
        entries.withLock { insert(Entry(value: value, expiry: expiry), for: token, into: &$0) }
    }

    private func insert(_ entry: Entry, for token: SHA256Digest, into entries: inout Entries) {
        if entries.young[token] == nil, entries.young.count == generationSize {
            entries.old = entries.young
            entries.young = [:]
        }
        entries.young[token] = entry
    }
}
