import EventSourcing

/// The stored form of a camera's events. Names and members never change; a new shape gets a new schema version.
extension Camera {
    package static let erasureType = EventType.cameraErased.rawValue
    package static let takeBeganType = EventType.recordingTakeBegan.rawValue
    package static let takeEndedType = EventType.recordingTakeEnded.rawValue

    package static func encode(_ event: Event) -> NewEvent {
        switch event {
        case .registered(let id, let description, let configuration):
            stored(
                .cameraRegistered, id, version: registrationVersion(description, configuration),
                description.members, configuration.members)
        case .described(let id, let description):
            stored(
                .cameraDescribed, id, version: description.metadata.isKeptByJSONB ? 1 : 2, description.members)
        case .configured(let id, let configuration):
            stored(.cameraConfigured, id, version: configuration.schemaVersion, configuration.members)
        case .started(let id, let worker, let epoch):
            stored(.cameraStarted, id, ["worker_id": .string(worker.text), "epoch": .integer(epoch)])
        case .restarted(let id, let worker, let epoch):
            stored(.cameraRestarted, id, ["worker_id": .string(worker.text), "epoch": .integer(epoch)])
        case .stopped(let id, let reason): stored(.cameraStopped, id, ["reason": reason.json])
        case .statusChanged(let id, let old, let new, let reason):
            stored(
                .cameraStatusChanged, id,
                ["from": .string(old.rawValue), "to": .string(new.rawValue), "reason": reason.json])
        case .monitoringStarted(let id): stored(.cameraMonitoringStarted, id)
        case .monitoringStopped(let id): stored(.cameraMonitoringStopped, id)
        case .takeBegan(let id, let recording, let take): stored(.recordingTakeBegan, id, members(recording, take))
        case .takeResumed(let id, let recording, let take):
            stored(.recordingTakeResumed, id, members(recording, take: take))
        case .takeEnded(let id, let take, let instant):
            stored(.recordingTakeEnded, id, members(take: take, endedAt: instant))
        case .removed(let id, let reason): stored(.cameraRemoved, id, ["reason": reason.json])
        case .erased(let id): stored(.cameraErased, id)
        }
    }

    private static func registrationVersion(
        _ description: CameraDescription, _ configuration: CameraConfiguration
    ) -> Int16 {
        if configuration.address.path?.id != nil { return 4 }
        return description.metadata.isKeptByJSONB ? configuration.schemaVersion : 3
    }

    private static func stored(
        _ type: EventType, _ id: CameraID, version: Int16 = 1, _ parts: KeyValuePairs<String, JSON?>...
    ) -> NewEvent {
        var data: JSONObject = ["camera_id": .integer(id.number)]
        for case (let name, let value?) in parts.joined() { data[name] = value }
        return NewEvent(type, schemaVersion: version, data: .object(data))
    }

    package static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> Event {
        let type = try EventType(of: event)
        let members = try StoredMembers(event)
        let id = try members.required("camera_id", CameraID.init(stored:))
        switch type {
        case .cameraRegistered:
            return .registered(id, try CameraDescription(members), try CameraConfiguration(members))
        case .cameraDescribed: return .described(id, try CameraDescription(members))
        case .cameraConfigured: return .configured(id, try CameraConfiguration(members))
        case .cameraStarted: return .started(id, try members.worker(), epoch: try members.required("epoch", \.integer))
        case .cameraRestarted:
            return .restarted(id, try members.worker(), epoch: try members.required("epoch", \.integer))
        case .cameraStopped: return .stopped(id, reason: try members.optionalText("reason"))
        case .cameraStatusChanged:
            let old = try members.required("from", CameraStatus.init(stored:))
            let new = try members.required("to", CameraStatus.init(stored:))
            return .statusChanged(id, from: old, to: new, reason: try members.optionalText("reason"))
        case .cameraMonitoringStarted: return .monitoringStarted(id)
        case .cameraMonitoringStopped: return .monitoringStopped(id)
        case .recordingTakeBegan:
            let (recording, take) = try members.takeBegan()
            return .takeBegan(id, recording, take)
        case .recordingTakeResumed: return .takeResumed(id, try members.recording(), take: try members.takeNumber())
        case .recordingTakeEnded:
            return .takeEnded(id, take: try members.takeNumber(), at: try members.instant("ended_at"))
        case .cameraRemoved: return .removed(id, reason: try members.optionalText("reason"))
        case .cameraErased: return .erased(id)
        case .heartbeatRecorded, .countReadingRecorded, .countCorrected, .cameraOccupancyReset, .streamProbed,
            .projectionEventSkipped, .reactionEventSkipped, .tokensRevoked:
            throw EventDecodingError(event, reason: "not an event of a camera's life")
        }
    }
}

extension CameraDescription {
    fileprivate var members: KeyValuePairs<String, JSON?> {
        [
            "name": .string(name.text),
            "location": location.json,
            "description": notes.json,
            "metadata": metadata.isKeptByJSONB ? metadata.json : Optional.none,
            "metadata_text": metadata.isKeptByJSONB ? Optional.none : .string(metadata.text),
            "settings": settings.json,
            "time_zone": .string(timeZone.text),
        ]
    }

    fileprivate init(_ members: StoredMembers) throws(EventDecodingError) {
        name = try members.text("name")
        location = try members.optionalText("location")
        notes = try members.optionalText("description")
        let written = try members.optional("metadata_text", \.writtenObject)
        metadata =
            if let written {
                FreeformObject(stored: written)
            } else {
                FreeformObject(stored: try members.required("metadata", \.object))
            }
        settings = try members.required("settings", CameraSettings.init(stored:))
        timeZone = TimeZoneName(stored: try members.required("time_zone", \.string))
    }
}

extension CameraConfiguration {
    fileprivate var members: KeyValuePairs<String, JSON?> {
        [
            "stream_url": .string(address.url),
            // Only as an event of the first version says it: no command with a secret in clear is decided.
            "stream_credentials": address.credentials?.clearText.map(JSON.string),
            "stream_credentials_id": address.credentials?.id.map { .string($0.text) },
            // As the credentials, of an event before the third version.
            "stream_path": address.path?.clearText.map(JSON.string),
            "stream_path_id": address.path?.id.map { .string($0.text) },
            "stream_type": .string(address.type.rawValue),
            "lines": lines.json,
            "security_config_id": securityConfig?.id.map { .string($0.text) },
        ]
    }

    /// Without a secret to refer to, an event has the shape that it always had.
    fileprivate var schemaVersion: Int16 { address.path?.id != nil ? 3 : secrets.contains { $0.id != nil } ? 2 : 1 }

    fileprivate init(_ members: StoredMembers) throws(EventDecodingError) {
        let credentials = try members.optional("stream_credentials", \.string).map(CameraSecret.clear)
        let path = try members.optional("stream_path", \.string).map(CameraSecret.clear)
        address = StreamAddress(
            stored: try members.required("stream_type") { $0.string.flatMap(StreamType.init(exactly:)) },
            url: try members.required("stream_url", \.string),
            credentials: try members.secret("stream_credentials_id") ?? credentials,
            path: try members.secret("stream_path_id") ?? path)
        securityConfig = try members.secret("security_config_id")
        lines = try members.required("lines", Lines.init(stored:))
    }
}

extension JSON {
    /// The object that a text is the JSON of.
    fileprivate var writtenObject: JSONObject? {
        string.flatMap { try? JSON.parse($0).object }  // a text that is no JSON is no object either
    }
}

extension CameraStatus {
    init?(stored json: JSON) {
        guard let status = json.string.flatMap(CameraStatus.init(exactly:)) else { return nil }
        self = status
    }
}

extension StoredMembers {
    fileprivate func secret(_ name: String) throws(EventDecodingError) -> CameraSecret? {
        try optional(name, \.string).map { .kept(SecretID($0)) }
    }

    fileprivate func worker() throws(EventDecodingError) -> WorkerID {
        WorkerID(stored: try required("worker_id", \.string))
    }
}

extension Optional where Wrapped: BoundedText {
    var json: JSON? { map(\.json) }
}
