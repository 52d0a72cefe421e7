/// An event that is to be appended.
package struct NewEvent: Hashable, Sendable {
    /// The stored name of the event's type, independent of any Swift name: `CameraRegistered`.
    package let type: String
    /// The version of the shape of `data`, from 1.
    package let schemaVersion: Int16
    /// A JSON object in UTF-8.
    package let data: [UInt8]

    package init(type: String, schemaVersion: Int16 = 1, data: [UInt8]) {
        self.type = type
        self.schemaVersion = schemaVersion
        self.data = data
    }

    package init(type: String, schemaVersion: Int16 = 1, data: JSON) {
        self.init(type: type, schemaVersion: schemaVersion, data: data.bytes)
    }
}

/// An event as the log holds it.
package struct RecordedEvent: Hashable, Sendable {
    /// 1-based, gapless over the log.
    package let position: Int64
    package let stream: StreamName
    /// 1-based, gapless over the stream.
    package let version: Int64
    package let type: String
    package let schemaVersion: Int16
    /// A JSON object in UTF-8.
    package let data: [UInt8]
    /// The canonical form of `StoredMetadata`: a JSON object in UTF-8.
    package let metadata: [UInt8]
    /// When the log took the event in, by its server's clock. Never decreases with the position, but where that clock
    /// was ahead and is set right (`ClockJump`).
    package let recordedAt: Timestamp

    package init(
        position: Int64, stream: StreamName, version: Int64, type: String, schemaVersion: Int16, data: [UInt8],
        metadata: [UInt8], recordedAt: Timestamp
    ) {
        self.position = position
        self.stream = stream
        self.version = version
        self.type = type
        self.schemaVersion = schemaVersion
        self.data = data
        self.metadata = metadata
        self.recordedAt = recordedAt
    }
}

/// Who caused events, and how: kept beside each event, never a secret.
package struct EventMetadata: Hashable, Sendable {
    /// The actor of what Footfall appends by itself. Nobody else acts under this name.
    package static let ownActor = "footfall"

    /// The user or program that gave the command.
    package var actor: String?
    /// Common to all that follows from one request.
    package var correlationID: String?
    /// What this follows from: an event's position, or a request.
    package var causationID: String?
    package var traceID: String?
    package var clientAddress: String?
    /// The request, made under a key, that the events belong to. Not stored with them.
    package var request: RequestClaim?

    package init(
        actor: String? = nil, correlationID: String? = nil, causationID: String? = nil, traceID: String? = nil,
        clientAddress: String? = nil, request: RequestClaim? = nil
    ) {
        self.actor = actor
        self.correlationID = correlationID
        self.causationID = causationID
        self.traceID = traceID
        self.clientAddress = clientAddress
        self.request = request
    }

    /// The canonical form (`StoredMetadata`); the producer's source and sequence stand beside the rest.
    package func bytes(producer: ProducerSequence? = nil) -> [UInt8] {
        StoredMetadata(self, producer: producer).canonical
    }

    package init(_ json: JSON) {
        self.init(
            actor: json["actor"]?.string,
            correlationID: json["correlation_id"]?.string,
            causationID: json["causation_id"]?.string,
            traceID: json["trace_id"]?.string,
            clientAddress: json["client_address"]?.string
        )
    }
}
