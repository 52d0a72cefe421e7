import EventSourcing

extension EventType {
    /// The type of a recorded event.
    /// - Throws: where this release does not know the type, or its schema version.
    init(of event: RecordedEvent) throws(EventDecodingError) {
        guard let type = EventType(rawValue: event.type) else {
            throw EventDecodingError(event, reason: "unknown type")
        }
        guard type.schemaVersions.contains(event.schemaVersion) else {
            throw EventDecodingError(event, reason: "unknown schema version")
        }
        self = type
    }
}

extension NewEvent {
    /// - Parameter schemaVersion: one that is declared.
    init(_ type: EventType, schemaVersion: Int16 = 1, data: JSON) {
        assert(type.schemaVersions.contains(schemaVersion), "\(type) has no schema version \(schemaVersion)")
        self.init(type: type.rawValue, schemaVersion: schemaVersion, data: data)
    }
}
