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
    /// Of the event that is left out.
    package let position: Int64
    package let type: String
    package let stream: StreamName
    /// What the server said of it when the projection stopped.
    package let sqlState: String
    package let error: String
    package let reason: Reason

    package init(
        projection: ProjectionName, position: Int64, type: String, stream: StreamName, sqlState: String, error: String,
        reason: Reason
    ) {
        self.projection = projection
        self.position = position
        self.type = type
        self.stream = stream
        self.sqlState = sqlState
        self.error = error
        self.reason = reason
    }
}

extension ProjectionEventSkipped {
    package static let eventType = EventType.projectionEventSkipped.rawValue

    package var event: NewEvent {
        NewEvent(
            .projectionEventSkipped,
            data: .members([
                "projection": projection.json,
                "skipped_position": .integer(position),
                "skipped_type": .string(type),
                "skipped_stream": .string(stream.rawValue),
                "sql_state": .string(sqlState),
                "error": .string(error),
                "reason": reason.json,
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .projectionEventSkipped)
        projection = try members.text("projection")
        position = try members.required("skipped_position", \.integer)
        type = try members.required("skipped_type", \.string)
        stream = StreamName(try members.required("skipped_stream", \.string))
        sqlState = try members.required("sql_state", \.string)
        error = try members.required("error", \.string)
        reason = try members.text("reason")
    }
}
