import EventSourcing
import Logging

/// An issuer's key set as it was last read from where it lies, and read again when it may have changed: for a key that
/// it does not know, and after a while, so that a key that was taken out counts no longer than a minute, what is
/// remembered of its tokens included.
///
/// Readings are not made more often than every `pause`, and never two at a time. A set that is due is read while it
/// goes on being used; one that is too old is waited for. While readings fail, the keys that there are go on being
/// used.
actor KeyStore {
    private let load: @Sendable () async throws -> [UInt8]
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private var keys: KeySet?
    private var lastAttempt: Timestamp?
    private var reading: Task<Void, Never>?

    private static let pause = Duration.seconds(10)
    /// When a set is due, and when it is too old.
    private static let lifetime = Duration.seconds(15)
    static let longestLifetime = Duration.seconds(30)

    /// - Parameter load: reads the set from its file or address.
    init(now: @escaping @Sendable () -> Timestamp, logger: Logger, load: @escaping @Sendable () async throws -> [UInt8])
    {
        self.now = now
        self.logger = logger
        self.load = load
    }

    /// The keys for a token with this header.
    func keys(for header: CompactToken.Header) async throws(TokenFailure) -> KeySet {
        if keys?.knows(header) != true || isDue(after: Self.longestLifetime) {
            await refresh()
        } else if isDue(after: Self.lifetime) {
            startReading()
        }
        guard let keys else { throw .unavailable(retryAfter: Self.pause) }
        return keys
    }

    private func isDue(after age: Duration) -> Bool { lastAttempt.map { $0 + age <= now() } ?? true }

    private func refresh() async {
        startReading()
        await reading?.value
    }

    private func startReading() {
        guard reading == nil, isDue(after: Self.pause) else { return }
        lastAttempt = now()
        // A task of its own: the first caller may be cancelled, the others still wait for it.
        reading = Task { await read() }
    }

    private func read() async {
        do { keys = try await KeySet(try await load()) } catch {
            logger.warning("the key set cannot be read", metadata: ["reason": "\(error)"])
        }
        reading = nil
    }
}
