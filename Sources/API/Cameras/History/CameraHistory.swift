import Counting
import EventSourcing

/// A camera's life as a list of changes: who changed what, when, from what to what.
struct CameraHistory: Sendable {
    enum Order: String, CaseIterable {
        case newest, oldest
    }

    /// Which of the changes are asked for.
    struct Page: Sendable {
        let order: Order
        let limit: Int64
        /// Newest first: only those with a lower version. Oldest first: only those with a higher one.
        let bound: Int64?
    }

    struct Change: Sendable {
        let event: RecordedEvent
        /// nil where it cannot be read: nobody is named.
        let metadata: EventMetadata?
        /// Why it was made, where somebody said so.
        let reason: Reason?
        let differences: [CameraDifferences.Difference]
    }

    struct Changes: Sendable {
        let items: [Change]
        /// The camera's last version; nil where there is no such camera.
        let version: Int64?
        /// Of the camera's last event.
        let position: Int64?
        /// The version at which the next page begins, where there is one.
        let next: Int64?
    }

    private struct Step {
        let event: RecordedEvent
        let before: Camera.State
        let after: Camera.State
    }

    let log: any EventLog

    /// Reads the camera's whole stream, and keeps one page of it.
    func changes(of id: CameraID, _ page: Page) async throws -> Changes {
        var folded = Folded(Camera.initial)
        var steps: [Step] = []
        var hasMore = false
        let limit = Int(page.limit)
        try await log.scan(id.stream) { event in
            let before = folded.state
            try folded.apply(event, by: Camera.self)
            guard page.covers(event.version) else { return true }
            switch page.order {
            case .newest:
                steps.append(Step(event: event, before: before, after: folded.state))
                if steps.count > limit {
                    steps.removeFirst()
                    hasMore = true
                }
            case .oldest where steps.count < limit:
                steps.append(Step(event: event, before: before, after: folded.state))
            case .oldest: hasMore = true
            }
            return true
        }
        if page.order == .newest { steps.reverse() }
        return Changes(
            items: try steps.map(Self.change), version: folded.version == 0 ? nil : folded.version,
            position: folded.updated?.position, next: hasMore ? steps.last?.event.version : nil)
    }

    private static func change(_ step: Step) throws -> Change {
        Change(
            event: step.event,
            metadata: (try? JSON.parse(step.event.metadata)).map(EventMetadata.init),  // unreadable: nobody is named
            reason: try Camera.decode(step.event).reason,
            differences: CameraDifferences(from: step.before, to: step.after).all)
    }
}

extension CameraHistory.Page {
    fileprivate func covers(_ version: Int64) -> Bool {
        guard let bound else { return true }
        return order == .newest ? version < bound : version > bound
    }
}

extension Camera.Event {
    fileprivate var reason: Reason? {
        switch self {
        case .stopped(_, let reason), .statusChanged(_, _, _, let reason), .removed(_, let reason): reason
        case .registered, .described, .configured, .started, .restarted, .monitoringStarted, .monitoringStopped,
            .takeBegan, .takeResumed, .takeEnded, .erased:
            nil
        }
    }
}
