import Logging
import Postgres
import Resilience

/// Does `work` again after a growing, jittered pause where it fails or ends, until the task is cancelled.
func retrying(
    _ what: String, longestPause: Duration = .seconds(10), logger: Logger, _ work: () async throws -> Void
) async {
    await Backoff.retrying(longest: longestPause, work) {
        logger.error("\(what) failed; will try again", metadata: ["reason": "\($0)"])
    }
}
