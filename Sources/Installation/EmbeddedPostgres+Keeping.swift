import Logging
import Resilience

extension EmbeddedPostgres {
    /// Starts the server again whenever it has ended, be it killed, stopped by somebody or out of room; returns when the
    /// task is cancelled.
    /// - Parameter onChange: told whether the server has failed to start for so often that the process is of no use
    ///   without it: why, or nil from when it runs again.
    /// - Throws: `Failure.gaveUp` where it does not start although there is room.
    package func keepRunning(onChange: @Sendable (_ uselessBecause: String?) -> Void) async throws {
        try await keepRunning(ServerWatch.Rule(), onChange: onChange)
    }

    func keepRunning(_ rule: ServerWatch.Rule, onChange: @Sendable (String?) -> Void) async throws {
        var watch = ServerWatch(rule, at: .now)
        var action = ServerWatch.Action.look(after: .zero)
        var wasUseless = false
        while true {
            var news: ServerWatch.News?
            switch action {
            case .look(let pause):
                do { try await Task.sleep(for: pause) } catch { return }
                let isAlive = isAlive()
                (action, news) = watch.looked(isAlive: isAlive, freeBytes: isAlive ? nil : freeBytes(), at: .now)
            case .start:
                let failure = await start()
                if Task.isCancelled { return }
                (action, news) = watch.started(failure: failure, freeBytes: freeBytes(), at: .now)
            case .giveUp(let reason):
                onChange(reason)
                throw Failure.gaveUp(reason: reason)
            }
            report(news)
            if watch.isUseless != wasUseless {
                wasUseless = watch.isUseless
                onChange(wasUseless ? "the embedded database does not start" : nil)
            }
        }
    }

    /// - Returns: why it does not start; nil where it runs.
    private func start() async -> String? {
        do {
            try await startUnlessRunning()
            return nil
        } catch {
            if !Task.isCancelled {
                logger.warning("the embedded database does not start", metadata: ["reason": "\(error)"])
            }
            return "\(error)"
        }
    }

    private func report(_ news: ServerWatch.News?) {
        switch news {
        case nil: break
        case .ended: logger.error("the embedded database has ended by itself; starting it again")
        case .waitsForRoom:
            guard FailureNotices.shared.isDue("\(layout.cluster.path) is full") else { return }
            logger.error(
                "the embedded database has ended for want of room on its disk; it is started again when there is some",
                metadata: ["folder": "\(layout.cluster.path)", "free_bytes": "\(freeBytes() ?? -1)"])
        case .runsAgain(let time):
            logger.notice("the embedded database runs again", metadata: ["after": "\(time)"])
        }
    }
}
