import Counting
import EventSourcing

/// Takes in how many are inside, for counting misses some and drifts.
package struct OccupancyResets: Sendable {
    private let log: any EventLog

    package init(log: any EventLog) { self.log = log }

    /// - Returns: the position at which it is recorded.
    /// - Throws: `Camera.Rejection` where there is no such camera.
    package func record(_ reset: OccupancyReset, metadata: EventMetadata) async throws -> Int64 {
        try await log.append(reset.event, toTelemetryOf: reset.cameraID, metadata: metadata)
    }
}
