import EventSourcing

/// An event that a projection or a reaction had stopped at and leaves out for good, and why.
package struct SkippedEvent: Hashable, Sendable {
    package let position: Int64
    package let type: String
    package let stream: StreamName
    /// What was said of it when it was stopped at.
    package let error: String
    package let reason: Reason

    package init(position: Int64, type: String, stream: StreamName, error: String, reason: Reason) {
        self.position = position
        self.type = type
        self.stream = stream
        self.error = error
        self.reason = reason
    }
}

/// The stored form, within the event that records it.
extension SkippedEvent {
    /// - Parameters:
    ///   - subject: the member for what leaves it out.
    ///   - sqlState: what the database said, where it did.
    func data(leftOutBy subject: (name: String, value: JSON), sqlState: String? = nil) -> JSON {
        .members([
            subject.name: subject.value,
            "skipped_position": .integer(position),
            "skipped_type": .string(type),
            "skipped_stream": .string(stream.rawValue),
            "sql_state": sqlState.map(JSON.string),
            "error": .string(error),
            "reason": reason.json,
        ])
    }

    init(_ members: StoredMembers) throws(EventDecodingError) {
        position = try members.required("skipped_position", \.integer)
        type = try members.required("skipped_type", \.string)
        stream = StreamName(try members.required("skipped_stream", \.string))
        error = try members.required("error", \.string)
        reason = try members.text("reason")
    }
}
