import Counting
import EventSourcing

/// A camera's life as a list of changes: who changed what, when, from what to what.
package struct CameraHistory: Sendable {
    package enum Order: String, CaseIterable {
        case newest, oldest
    }

    /// Which of the changes are asked for.
    package struct Page: Sendable {
        package let order: Order
        package let limit: Int64
        /// Newest first: only those with a lower version. Oldest first: only those with a higher one.
        package let bound: Int64?

        package init(order: Order, limit: Int64, bound: Int64?) {
            self.order = order
            self.limit = limit
            self.bound = bound
        }
    }

    package struct Change: Sendable {
        package let event: RecordedEvent
        /// nil where it cannot be read: nobody is named.
        package let metadata: EventMetadata?
        /// Why it was made, where somebody said so.
        package let reason: Reason?
        package let differences: [CameraDifferences.Difference]
    }

    package struct Changes: Sendable {
        package let items: [Change]
        /// The camera's last version; nil where there is no such camera.
        package let version: Int64?
        /// Of the camera's last event.
        package let position: Int64?
        /// The version at which the next page begins, where there is one.
        package let next: Int64?
    }

    private struct Step {
        let event: RecordedEvent
        let before: Camera.State
        let after: Camera.State
    }

    private let log: any EventLog

    package init(log: any EventLog) { self.log = log }

    /// Reads the camera's whole stream, and keeps one page of it.
    package func changes(of id: CameraID, _ page: Page) async throws -> Changes {
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
