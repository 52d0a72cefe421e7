import Logging
import Resilience

/// Hands a run's readings over in batches.
struct ReadingSender: Sendable {
    enum Ending: Sendable {
        /// All was handed over, and no more comes.
        case done
        /// The server no longer knows the camera.
        case gone
    }

    let client: ServerClient
    let outbox: ReadingOutbox
    let series: ReadingSeries
    let cameraID: Int64
    let logger: Logger

    private static let readingsPerRequest = 100

    /// Runs until the outbox is closed and empty, the camera is gone, or the task is cancelled.
    ///
    /// A batch with a reading that the server refuses is halved until that reading is found. One of a live stream is put
    /// aside. One of a recording holds up those behind it, for they could not be counted afterwards: it is sent again and
    /// again, until somebody has changed what keeps the server from taking it.
    func run() async -> Ending {
        var backoff = Backoff(first: .milliseconds(200), longest: .seconds(10))
        var limit = Self.readingsPerRequest
        var heldUp: Int64?
        while let batch = await outbox.next(limit: limit), !Task.isCancelled {
            switch await client.report(batch, series: series, camera: cameraID) {
            case .accepted:
                outbox.remove(batch)
                outbox.heldUpBecause = nil
                backoff.reset()
                limit = min(limit * 2, Self.readingsPerRequest)
            case .gone:
                outbox.close()
                return .gone
            case .refused where batch.count > 1:
                limit = batch.count / 2
            case .refused(let status, let reason):
                guard case .take = series else {
                    log(batch[0], reason)
                    outbox.refuse(batch[0], because: reason)
                    continue
                }
                if status == 409 {
                    // The passage was counted by another run, which saw it a little differently.
                    outbox.remove(batch)
                    continue
                }
                outbox.heldUpBecause = reason
                if heldUp != batch[0].sequence {
                    heldUp = batch[0].sequence
                    log(batch[0], reason)
                }
                try? await Task.sleep(for: backoff.next())  // cancellation ends the loop
            case .failed(let reason, let pause):
                logger.debug("readings not delivered", metadata: ["reason": "\(reason)"])
                try? await Task.sleep(for: pause ?? backoff.next())  // cancellation ends the loop
            }
        }
        return .done
    }

    /// All that it takes to enter the reading by hand.
    private func log(_ reading: Reading, _ reason: String) {
        logger.error(
            "reading refused",
            metadata: [
                "observed_at": "\(reading.observedAt.rfc3339)", "line": "\(reading.line)",
                "class": "\(reading.objectClass)", "count_in": "\(reading.countIn)",
                "count_out": "\(reading.countOut)", "sequence": "\(reading.sequence)", "reason": "\(reason)",
            ])
    }
}
