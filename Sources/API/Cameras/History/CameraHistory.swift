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

    struct Changes: Sendable {
        let items: [JSON]
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
            items: try steps.map(Self.item), version: folded.version == 0 ? nil : folded.version,
            position: folded.updated?.position, next: hasMore ? steps.last?.event.version : nil)
    }

    private static func item(_ step: Step) throws -> JSON {
        let metadata = (try? JSON.parse(step.event.metadata)).map(EventMetadata.init)  // unreadable: nobody is named
        return [
            "version": .integer(step.event.version),
            "position": .integer(step.event.position),
            "type": .string(step.event.type),
            "recorded_at": .string(step.event.recordedAt.rfc3339),
            "actor": metadata?.actor.map(JSON.string) ?? .null,
            "correlation_id": metadata?.correlationID.map(JSON.string) ?? .null,
            "causation_id": metadata?.causationID.map(JSON.string) ?? .null,
            "reason": try Camera.decode(step.event).reason.map { .string($0.text) } ?? .null,
            "changes": .array(CameraDifferences(from: step.before, to: step.after).json),
        ]
    }
}

extension CameraHistory.Page {
    static func read(_ query: Query) -> Field<Self> {
        let order = query.value("order", default: CameraHistory.Order.newest, CameraHistory.Order.init(choosing:))
        let limit = query.value("limit", default: 20, QueryRule.integer(in: 1...100))
        let version = QueryRule.integer(in: 0...Int64.max)
        let before = query.optional("before_version", version)
        let after = query.optional("after_version", version)
        return query.make(at: "order") {
            let order = try order.get()
            let (before, after) = (try before.get(), try after.get())
            guard (order == .newest ? after : before) == nil else {
                throw InvalidValue(
                    .malformed, "before_version goes with the newest first, after_version with order=oldest.")
            }
            return Self(order: order, limit: try limit.get(), bound: before ?? after)
        }
    }

    fileprivate func covers(_ version: Int64) -> Bool {
        guard let bound else { return true }
        return order == .newest ? version < bound : version > bound
    }

    func parameters(next: Int64) -> [(name: String, value: String?)] {
        [
            ("order", order.rawValue), ("limit", "\(limit)"),
            (order == .newest ? "before_version" : "after_version", "\(next)"),
        ]
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
