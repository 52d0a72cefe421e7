import EventSourcing

/// Every type of event that this release can read.
package enum KnownEvents {
    /// The schema versions that can be read, by stored type.
    package static let schemaVersions: [String: ClosedRange<Int16>] = Camera.schemaVersions.merging([
        Heartbeat.eventType: 1...1,
        CountReading.eventType: 1...3,
        CountCorrection.eventType: 1...2,
        StreamProbe.eventType: 1...2,
        OccupancyReset.eventType: 1...1,
        ProjectionEventSkipped.eventType: 1...1,
        TokensRevoked.eventType: 1...1,
    ]) { first, _ in first }

    package static func includes(_ type: String, schemaVersion: Int16) -> Bool {
        schemaVersions[type]?.contains(schemaVersion) ?? false
    }

    /// - Throws: why this release cannot read the event.
    static func check(_ event: RecordedEvent) throws(EventDecodingError) {
        guard let versions = schemaVersions[event.type] else {
            throw EventDecodingError(event, reason: "unknown type")
        }
        guard versions.contains(event.schemaVersion) else {
            throw EventDecodingError(event, reason: "unknown schema version")
        }
    }
}
