import EventSourcing

extension StoredMembers {
    /// - Parameter type: the only event type that the caller can read.
    init(_ event: RecordedEvent, of type: EventType) throws(EventDecodingError) {
        guard try EventType(of: event) == type else {
            throw EventDecodingError(event, reason: "not a \(type.rawValue)")
        }
        try self.init(event)
    }

    func observationTime() throws(EventDecodingError) -> ObservationTime {
        ObservationTime(stored: try required("observed_at") { $0.string.flatMap(Timestamp.init(rfc3339:)) })
    }

    func quantity<Measured: Quantity>(
        _ name: String, _: Measured.Type = Measured.self
    ) throws(EventDecodingError) -> Measured? {
        try optional(name, \.number).map(Measured.init(stored:))
    }
}

extension Optional where Wrapped: Quantity {
    var json: JSON? { map(\.json) }
}
