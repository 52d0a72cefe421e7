import EventSourcing

/// The name of a projection, as its folder has it: `hourly_counts`.
package struct ProjectionName: BoundedText {
    package static let subject = "A projection's name"
    package static let lengths = 1...40

    package let text: String
    package init(stored text: String) { self.text = text }

    /// Where what happens to the projection is recorded.
    package var stream: StreamName { StreamName(Self.streamPrefix + text) }

    static let streamPrefix = "projection-"
}

/// An operator had a projection leave out, for good, an event at which it had stopped. Who did is the metadata's actor.
package struct ProjectionEventSkipped: Hashable, Sendable {
    package let projection: ProjectionName
    package let skipped: SkippedEvent
    /// What the database said when the projection stopped.
    package let sqlState: String

    package init(projection: ProjectionName, skipped: SkippedEvent, sqlState: String) {
        self.projection = projection
        self.skipped = skipped
        self.sqlState = sqlState
    }
}

extension ProjectionEventSkipped {
    package static let eventType = EventType.projectionEventSkipped.rawValue

    package var event: NewEvent {
        NewEvent(
            .projectionEventSkipped,
            data: skipped.data(leftOutBy: ("projection", projection.json), sqlState: sqlState))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .projectionEventSkipped)
        self.init(
            projection: try members.text("projection"), skipped: try SkippedEvent(members),
            sqlState: try members.required("sql_state", \.string))
    }
}
