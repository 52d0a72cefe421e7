import Logging
import Metrics
import Resilience
import Synchronization

/// One session that listens to channels, for any number of subscribers in the process.
///
/// A subscriber is told *that* something happened, not what: signals that come while it is busy fold into one, so
/// nothing queues up. After a lost connection the listener connects again and signals everyone, since notifications
/// may have been missed; and whatever is lost, it signals everyone once in each poll interval.
/// A subscriber therefore looks for itself at each signal.
///
/// In each poll interval it has the server move the end of its NOTIFY queue, too, which the server does by itself only
/// where a notification gets through: a queue that was once full would refuse every commit that notifies, long after
/// nobody needed what is in it. How full it is, is the gauge `footfall_notify_queue_usage`, from 0 to 1.
package final class Listener: Sendable {
    private struct State {
        var subscribers: [Int: (channel: String, signal: AsyncStream<Void>.Continuation)] = [:]
        var nextID = 0
        var isStopped = false
    }

    private let target: ConnectionTarget
    private let channels: [String]
    private let pollInterval: Duration
    private let logger: Logger
    private let queueUsage: Gauge
    private let state = Mutex(State())

    package init(
        _ target: ConnectionTarget, channels: [String], pollInterval: Duration = .seconds(1),
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger
    ) {
        self.target = target
        self.channels = channels
        self.pollInterval = pollInterval
        self.logger = logger
        queueUsage = Gauge(label: "footfall_notify_queue_usage", dimensions: [], factory: metrics)
    }

    /// A signal for each time at which the channel was notified; ends when the listener stops.
    /// The first signal is there at once, so that a subscriber begins by looking.
    package func signals(on channel: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id: Int? = state.withLock { state in
            if state.isStopped { return nil }
            state.nextID += 1
            state.subscribers[state.nextID] = (channel, continuation)
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.subscribers[id] = nil }
        }
        continuation.yield()
        return stream
    }

    /// Listens until the task is cancelled. Connects again after a loss, with a growing pause of up to two seconds.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepListening() }
            group.addTask { await self.keepPolling() }
        }
        stop()
    }

    private func keepPolling() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: pollInterval)  // cancellation ends the loop
            signalAll()
        }
    }

    private func keepListening() async {
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
        while !Task.isCancelled {
            do throws(PostgresError) {
                try await listen()
                backoff.reset()
            } catch {
                logger.debug("not listening", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: backoff.next())  // cancellation ends the loop
        }
    }

    /// Returns when the connection is lost or the task cancelled.
    private func listen() async throws(PostgresError) {
        let (lifetime, ended) = AsyncStream.makeStream(of: Void.self)
        let connection = try await Connection.open(target, logger: logger, onEnd: { ended.finish() }) { [weak self] in
            self?.signal($0.channel)
        }
        defer { connection.close() }
        for channel in channels { try await connection.query("listen \(quoted(channel))") }
        signalAll()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepQueueMoving(on: connection) }
            group.addTask { for await _ in lifetime {} }
            await group.next()
            group.cancelAll()
            connection.close()
        }
    }

    /// Returns when the connection is lost or the task cancelled.
    private func keepQueueMoving(on connection: Connection) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: pollInterval)
                let usage = try await connection.query("select pg_notification_queue_usage() as usage")[0].double(
                    "usage")
                queueUsage.record(usage)
                if usage > 0.5, FailureNotices.shared.isDue("the NOTIFY queue fills up") {
                    logger.warning(
                        """
                        the server's NOTIFY queue fills up; full, it refuses every change. A session that listens and \
                        stays in one transaction holds it up: see pg_stat_activity
                        """,
                        metadata: ["usage": "\(usage)"])
                }
            } catch {
                return
            }
        }
    }

    private func quoted(_ channel: String) -> String {
        "\"" + channel.replacing("\"", with: "\"\"") + "\""
    }

    private func signal(_ channel: String) { yield { $0 == channel } }

    private func signalAll() { yield { _ in true } }

    /// Signals the subscribers of the channels that fit.
    ///
    /// Outside of the lock: a subscriber's cancellation holds its task's lock while it waits for this one, and a signal
    /// takes the task's.
    private func yield(_ fits: (String) -> Bool) {
        let subscribers = state.withLock { state in state.subscribers.values.filter { fits($0.channel) } }
        for subscriber in subscribers { subscriber.signal.yield() }
    }

    private func stop() {
        let subscribers = state.withLock { state in
            state.isStopped = true
            defer { state.subscribers = [:] }
            return state.subscribers.values.map(\.signal)
        }
        for subscriber in subscribers { subscriber.finish() }
    }
}
