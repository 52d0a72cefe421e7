import Logging

/// Does `work` again after a growing, jittered pause where it fails or ends, until the task is cancelled. What keeps
/// failing for the same reason, here or elsewhere in the process, is logged once a minute.
package func retrying(
    _ what: String, longestPause: Duration = .seconds(10), logger: Logger, _ work: () async throws -> Void
) async {
    await Backoff.retrying(longest: longestPause, work) {
        guard FailureNotices.shared.isDue("\($0)") else { return }
        logger.error("\(what) failed; will retry", metadata: ["reason": "\($0)"])
    }
}
