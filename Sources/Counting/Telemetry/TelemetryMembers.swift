import EventSourcing

extension StoredMembers {
    /// - Parameters:
    ///   - type: the only event type that the caller can read.
    ///   - versions: its schema versions that the caller can read.
    init(
        telemetry event: RecordedEvent, type: String, versions: ClosedRange<Int16> = 1...1
    ) throws(EventDecodingError) {
        guard event.type == type, versions.contains(event.schemaVersion) else {
            throw EventDecodingError(event, reason: "not a \(type) of schema version \(versions.upperBound)")
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
    var json: JSON? { map { .number($0.value) } }
}
