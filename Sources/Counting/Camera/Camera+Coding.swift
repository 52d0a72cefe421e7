import EventSourcing

/// The stored form of a camera's events. Names and members never change; a new shape gets a new schema version.
extension Camera {
    package static let erasureType = "CameraErased"
    package static let takeBeganType = "RecordingTakeBegan"
    package static let takeEndedType = "RecordingTakeEnded"

    package static func encode(_ event: Event) -> NewEvent {
        switch event {
        case .registered(let id, let description, let configuration):
            stored(
                "CameraRegistered", id, version: registrationVersion(description, configuration),
                description.members, configuration.members)
        case .described(let id, let description):
            stored(
                "CameraDescribed", id, version: description.metadata.isKeptByJSONB ? 1 : 2, description.members)
        case .configured(let id, let configuration):
            stored("CameraConfigured", id, version: configuration.schemaVersion, configuration.members)
        case .started(let id, let worker, let epoch):
            stored("CameraStarted", id, ["worker_id": .string(worker.text), "epoch": .integer(epoch)])
        case .restarted(let id, let worker, let epoch):
            stored("CameraRestarted", id, ["worker_id": .string(worker.text), "epoch": .integer(epoch)])
        case .stopped(let id, let reason): stored("CameraStopped", id, ["reason": reason.json])
        case .statusChanged(let id, let old, let new, let reason):
            stored(
                "CameraStatusChanged", id,
                ["from": .string(old.rawValue), "to": .string(new.rawValue), "reason": reason.json])
        case .monitoringStarted(let id): stored("CameraMonitoringStarted", id)
        case .monitoringStopped(let id): stored("CameraMonitoringStopped", id)
        case .takeBegan(let id, let recording, let take): stored(takeBeganType, id, members(recording, take))
        case .takeResumed(let id, let recording, let take):
            stored("RecordingTakeResumed", id, members(recording, take: take))
        case .takeEnded(let id, let take, let instant):
            stored(takeEndedType, id, members(take: take, endedAt: instant))
        case .removed(let id, let reason): stored("CameraRemoved", id, ["reason": reason.json])
        case .erased(let id): stored(erasureType, id)
        }
    }

    private static func registrationVersion(
        _ description: CameraDescription, _ configuration: CameraConfiguration
    ) -> Int16 {
        if configuration.address.path?.id != nil { return 4 }
        return description.metadata.isKeptByJSONB ? configuration.schemaVersion : 3
    }

    private static func stored(
        _ type: String, _ id: CameraID, version: Int16 = 1, _ parts: KeyValuePairs<String, JSON?>...
    ) -> NewEvent {
        var data: JSONObject = ["camera_id": .integer(id.number)]
        for case (let name, let value?) in parts.joined() { data[name] = value }
        return NewEvent(type: type, schemaVersion: version, data: .object(data))
    }

    package static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> Event {
        try KnownEvents.check(event)
        let members = try StoredMembers(event)
        let id = try members.required("camera_id", CameraID.init(stored:))
        switch event.type {
        case "CameraRegistered":
            return .registered(id, try CameraDescription(members), try CameraConfiguration(members))
        case "CameraDescribed": return .described(id, try CameraDescription(members))
        case "CameraConfigured": return .configured(id, try CameraConfiguration(members))
        case "CameraStarted": return .started(id, try members.worker(), epoch: try members.required("epoch", \.integer))
        case "CameraRestarted":
            return .restarted(id, try members.worker(), epoch: try members.required("epoch", \.integer))
        case "CameraStopped": return .stopped(id, reason: try members.optionalText("reason"))
        case "CameraStatusChanged":
            let old = try members.required("from", CameraStatus.init(stored:))
            let new = try members.required("to", CameraStatus.init(stored:))
            return .statusChanged(id, from: old, to: new, reason: try members.optionalText("reason"))
        case "CameraMonitoringStarted": return .monitoringStarted(id)
        case "CameraMonitoringStopped": return .monitoringStopped(id)
        case takeBeganType:
            let (recording, take) = try members.takeBegan()
            return .takeBegan(id, recording, take)
        case "RecordingTakeResumed": return .takeResumed(id, try members.recording(), take: try members.takeNumber())
        case takeEndedType:
            return .takeEnded(id, take: try members.takeNumber(), at: try members.instant("ended_at"))
        case "CameraRemoved": return .removed(id, reason: try members.optionalText("reason"))
        case erasureType: return .erased(id)
        default: throw EventDecodingError(event, reason: "unknown type in a camera's stream")
        }
    }

    /// The versions that `decode` reads, by type. The second version of a configuration refers to secrets that are kept
    /// beside the log, the first held credentials in clear; the third refers to the path of the stream's URL too, if that
    /// is a secret. The second version of a description has the metadata as a text, for numbers that jsonb would write
    /// otherwise. A registration has both: its third version is that of the metadata, its fourth that of the path.
    static let schemaVersions: [String: ClosedRange<Int16>] = [
        "CameraRegistered": 1...4,
        "CameraDescribed": 1...2,
        "CameraConfigured": 1...3,
        "CameraStarted": 1...1,
        "CameraRestarted": 1...1,
        "CameraStopped": 1...1,
        "CameraStatusChanged": 1...1,
        "CameraMonitoringStarted": 1...1,
        "CameraMonitoringStopped": 1...1,
        takeBeganType: 1...1,
        "RecordingTakeResumed": 1...1,
        takeEndedType: 1...1,
        "CameraRemoved": 1...1,
        erasureType: 1...1,
    ]
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
        settings = try members.required("settings", Settings.init(stored:))
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

extension BoundedText {
    var json: JSON { .string(text) }
}

extension Optional where Wrapped: BoundedText {
    var json: JSON? { map { .string($0.text) } }
}
