import EventSourcing

/// An operator had a reaction leave out, for good, an event at which it had stopped. Who did is the metadata's actor.
package struct ReactionEventSkipped: Hashable, Sendable {
    package let reaction: ReactionName
    package let skipped: SkippedEvent

    package init(reaction: ReactionName, skipped: SkippedEvent) {
        self.reaction = reaction
        self.skipped = skipped
    }
}

extension ReactionEventSkipped {
    package static let eventType = EventType.reactionEventSkipped.rawValue

    package var event: NewEvent {
        NewEvent(.reactionEventSkipped, data: skipped.data(leftOutBy: ("reaction", reaction.json)))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .reactionEventSkipped)
        self.init(reaction: try members.text("reaction"), skipped: try SkippedEvent(members))
    }
}
