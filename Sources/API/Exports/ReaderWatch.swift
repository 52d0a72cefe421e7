import Hummingbird
import NIOCore
import Synchronization

/// Breaks off a connection whose reader takes nothing for too long, so that nothing waits for it for ever.
final class ReaderWatch: Sendable {
    private let timeout: Duration
    private let channel: any Channel
    /// Since when a write has been waiting for the reader.
    private let waitingSince = Mutex<ContinuousClock.Instant?>(nil)

    init(timeout: Duration, channel: any Channel) {
        self.timeout = timeout
        self.channel = channel
    }

    /// Watches the writes that `body` makes by `write`.
    func whileWatching(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.watch() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    func write(_ piece: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        waitingSince.withLock { $0 = .now }
        defer { waitingSince.withLock { $0 = nil } }
        try await writer.write(piece)
    }

    private func watch() async throws {
        var wake = ContinuousClock.now + timeout
        while true {
            do { try await Task.sleep(until: wake, clock: .continuous) } catch { return }  // the body has ended
            let since = waitingSince.withLock(\.self)
            if let since, .now - since >= timeout {
                // The write that waits then fails.
                channel.close(promise: nil)
                return
            }
            wake = (since ?? .now) + timeout
        }
    }
}
