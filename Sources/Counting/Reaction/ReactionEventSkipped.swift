import EventSourcing

/// An operator had a reaction leave out, for good, an event at which it had stopped. Who did is the metadata's actor.
package struct ReactionEventSkipped: Hashable, Sendable {
    package let reaction: ReactionName
    /// Of the event that is left out.
    package let position: Int64
    package let type: String
    package let stream: StreamName
    /// What the reaction stopped by.
    package let error: String
    package let reason: Reason

    package init(
        reaction: ReactionName, position: Int64, type: String, stream: StreamName, error: String, reason: Reason
    ) {
        self.reaction = reaction
        self.position = position
        self.type = type
        self.stream = stream
        self.error = error
        self.reason = reason
    }
}

extension ReactionEventSkipped {
    package static let eventType = EventType.reactionEventSkipped.rawValue

    package var event: NewEvent {
        NewEvent(
            .reactionEventSkipped,
            data: .members([
                "reaction": reaction.json,
                "skipped_position": .integer(position),
                "skipped_type": .string(type),
                "skipped_stream": .string(stream.rawValue),
                "error": .string(error),
                "reason": reason.json,
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .reactionEventSkipped)
        reaction = try members.text("reaction")
        position = try members.required("skipped_position", \.integer)
        type = try members.required("skipped_type", \.string)
        stream = StreamName(try members.required("skipped_stream", \.string))
        error = try members.required("error", \.string)
        reason = try members.text("reason")
    }
}
