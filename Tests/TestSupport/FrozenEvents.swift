import EventSourcing

/// An event as it stands in logs: every type at every schema version that was ever written. Samples are added, with every
/// new type and version, and never changed or taken away: what is in a log stays there.
package struct FrozenEvent: Hashable, Sendable {
    package let type: String
    package let schemaVersion: Int16
    /// A JSON object, to the byte as the domain wrote it.
    package let data: String

    private init(_ type: String, _ schemaVersion: Int16, _ data: String) {
        self.type = type
        self.schemaVersion = schemaVersion
        self.data = data
    }

    package static let registered = FrozenEvent(
        "CameraRegistered", 1,
        #"{"camera_id":7,"name":"Entrance \"A\"","location":"Hall 1","description":"first\nsecond","metadata":{"tags":["a",null,true],"floor":2},"settings":{"pace":"fast","started_at":"2026-03-29T00:30:00Z","loop":true,"detector":"yolo","confidence":0.4,"classes":["person","car"]},"time_zone":"Europe/Berlin","stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials":"admin:s%40crt","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}]}"#
    )
    package static let registeredBare = FrozenEvent(
        "CameraRegistered", 1,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.6/stream1","stream_type":"rtsp","lines":[]}"#
    )
    package static let registeredWithFrames = FrozenEvent(
        "CameraRegistered", 1,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{"keep_frame_data":true},"time_zone":"UTC","stream_url":"rtsp://10.0.0.6/stream1","stream_type":"rtsp","lines":[]}"#
    )
    package static let described = FrozenEvent(
        "CameraDescribed", 1,
        #"{"camera_id":7,"name":"Entrance \"A\"","location":"Hall 1","description":"first\nsecond","metadata":{"tags":["a",null,true],"floor":2},"settings":{"pace":"fast","started_at":"2026-03-29T00:30:00Z","loop":true,"detector":"yolo","confidence":0.4,"classes":["person","car"]},"time_zone":"Europe/Berlin"}"#
    )
    package static let describedWithFrames = FrozenEvent(
        "CameraDescribed", 1,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{"keep_frame_data":true},"time_zone":"UTC"}"#)
    package static let describedBare = FrozenEvent(
        "CameraDescribed", 1,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC"}"#)
    package static let registeredAsWritten = FrozenEvent(
        "CameraRegistered", 3,
        #"{"camera_id":7,"name":"Entrance","metadata_text":"{\"big\": 1e308, \"half\": 1.50}","settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.6/stream1","stream_type":"rtsp","lines":[]}"#
    )
    package static let describedAsWritten = FrozenEvent(
        "CameraDescribed", 2,
        #"{"camera_id":7,"name":"Entrance","metadata_text":"{\"big\": 1e308, \"half\": 1.50}","settings":{},"time_zone":"UTC"}"#
    )
    package static let configured = FrozenEvent(
        "CameraConfigured", 1,
        #"{"camera_id":7,"stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials":"admin:s%40crt","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}]}"#
    )
    package static let registeredWithSecrets = FrozenEvent(
        "CameraRegistered", 2,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials_id":"c0ffee","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}],"security_config_id":"5afe"}"#
    )
    package static let configuredWithSecrets = FrozenEvent(
        "CameraConfigured", 2,
        #"{"camera_id":7,"stream_url":"rtsp://10.0.0.5:554/stream1","stream_credentials_id":"c0ffee","stream_type":"rtsp","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}],"security_config_id":"5afe"}"#
    )
    package static let registeredWithSecretPath = FrozenEvent(
        "CameraRegistered", 4,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"http://10.0.0.5/***","stream_path_id":"face","stream_type":"http","lines":[]}"#
    )
    package static let configuredWithSecretPath = FrozenEvent(
        "CameraConfigured", 3,
        #"{"camera_id":7,"stream_url":"http://10.0.0.5/***","stream_path_id":"face","stream_type":"http","lines":[]}"#
    )
    package static let registeredWithPathInClear = FrozenEvent(
        "CameraRegistered", 1,
        #"{"camera_id":7,"name":"Entrance","metadata":{},"settings":{},"time_zone":"UTC","stream_url":"http://10.0.0.5/mjpg?user=admin&pwd=hunter2","stream_type":"http","lines":[]}"#
    )
    package static let configuredWithPathInClear = FrozenEvent(
        "CameraConfigured", 1,
        #"{"camera_id":7,"stream_url":"http://10.0.0.5/mjpg?user=admin&pwd=hunter2","stream_type":"http","lines":[]}"#
    )
    package static let tokenRevoked = FrozenEvent("TokensRevoked", 1, #"{"token_id":"5c1f"}"#)
    package static let subjectRevoked = FrozenEvent(
        "TokensRevoked", 1, #"{"subject":"ana","issued_before":"2026-03-29T00:30:00Z","reason":"because"}"#)
    package static let allRevoked = FrozenEvent("TokensRevoked", 1, #"{"issued_before":"2026-03-29T00:30:00Z"}"#)
    package static let erased = FrozenEvent("CameraErased", 1, #"{"camera_id":7}"#)
    package static let readingWithSealedFrame = FrozenEvent(
        "CountReadingRecorded", 2,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0,"sealed_frame_data":{"key":"cab1e","data":"AAEC"}}"#
    )
    package static let readingOfTake = FrozenEvent(
        "CountReadingRecorded", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0,"take":2}"#
    )
    package static let takeBegan = FrozenEvent(
        "RecordingTakeBegan", 1,
        #"{"camera_id":7,"take":2,"stream_url":"file:///clips/a.avi","started_at":"2026-03-29T00:30:00Z","lines":[{"name":"door","from":[0.0,0.5],"to":[1.0,0.5],"inside":[0.5,0.9]}],"detector":"yolo","confidence":0.4,"classes":["car","person"],"loop":true,"replaces":1}"#
    )
    package static let takeBeganBare = FrozenEvent(
        "RecordingTakeBegan", 1,
        #"{"camera_id":7,"take":1,"stream_url":"file:///clips/a.avi","started_at":"2026-03-29T00:30:00Z","lines":[],"detector":"auto","confidence":0.3}"#
    )
    package static let takeResumed = FrozenEvent(
        "RecordingTakeResumed", 1,
        #"{"camera_id":7,"take":2,"stream_url":"file:///clips/a.avi","started_at":"2026-03-29T00:30:00Z"}"#
    )
    package static let takeEnded = FrozenEvent(
        "RecordingTakeEnded", 1,
        #"{"camera_id":7,"take":2,"ended_at":"2026-03-29T00:31:19.500000Z"}"#)
    package static let started = FrozenEvent(
        "CameraStarted", 1,
        #"{"camera_id":7,"worker_id":"worker-a","epoch":1}"#)
    package static let restarted = FrozenEvent(
        "CameraRestarted", 1,
        #"{"camera_id":7,"worker_id":"worker-b","epoch":2}"#)
    package static let stopped = FrozenEvent(
        "CameraStopped", 1,
        #"{"camera_id":7,"reason":"because"}"#)
    package static let stoppedBare = FrozenEvent(
        "CameraStopped", 1,
        #"{"camera_id":7}"#)
    package static let statusChanged = FrozenEvent(
        "CameraStatusChanged", 1,
        #"{"camera_id":7,"from":"offline","to":"maintenance","reason":"because"}"#)
    package static let statusChangedBare = FrozenEvent(
        "CameraStatusChanged", 1,
        #"{"camera_id":7,"from":"error","to":"online"}"#)
    package static let removed = FrozenEvent(
        "CameraRemoved", 1,
        #"{"camera_id":7,"reason":"because"}"#)
    package static let removedBare = FrozenEvent(
        "CameraRemoved", 1,
        #"{"camera_id":7}"#)
    package static let monitoringStarted = FrozenEvent(
        "CameraMonitoringStarted", 1,
        #"{"camera_id":7}"#)
    package static let monitoringStopped = FrozenEvent(
        "CameraMonitoringStopped", 1,
        #"{"camera_id":7}"#)
    package static let heartbeatBare = FrozenEvent(
        "HeartbeatRecorded", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"online"}"#)
    package static let heartbeat = FrozenEvent(
        "HeartbeatRecorded", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"error","response_time_ms":12.5,"stream_quality_score":0.9,"fps":25.0,"frames_dropped":4,"decode_time_ms":3.0,"inference_time_ms":41.0,"cpu_usage":63.5,"memory_usage":12.0,"network_bandwidth":4.25,"error_message":"no keyframe"}"#
    )
    package static let heartbeatWithLosses = FrozenEvent(
        "HeartbeatRecorded", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","status":"online","readings_refused":3,"readings_given_up":17}"#
    )
    package static let readingBare = FrozenEvent(
        "CountReadingRecorded", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0}"#
    )
    package static let reading = FrozenEvent(
        "CountReadingRecorded", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","line":"door","class":"person","count_in":3,"count_out":0,"confidence_score":0.75,"processing_time_ms":8.0,"ai_model_version":"yolov8n-1","frame_data":{"frame":17}}"#
    )
    package static let readingOfWholePicture = FrozenEvent(
        "CountReadingRecorded", 3,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","class":"object","count_in":3,"count_out":0,"sealed_frame_data":{"key":"cab1e","data":"AAEC"}}"#
    )
    package static let correctionOfWholePicture = FrozenEvent(
        "CountCorrected", 2,
        #"{"camera_id":7,"from":"2026-03-29T00:30:00Z","to":"2026-03-29T00:45:00Z","class":"object","delta_in":2,"delta_out":0,"reason":"because","buckets":[{"start":"2026-03-29T00:30:00Z","delta_in":2,"delta_out":0}]}"#
    )
    package static let probed = FrozenEvent(
        "StreamProbed", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","ok":true,"codec":"h264","width":1920,"height":1080,"fps":25.0,"response_time_ms":140.0}"#
    )
    package static let probedFile = FrozenEvent(
        "StreamProbed", 2,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","ok":true,"codec":"h264","width":1920,"height":1080,"fps":25.0,"duration_ms":79500,"stream_url":"file:///clips/door.mp4","response_time_ms":140.0}"#
    )
    package static let probedInVain = FrozenEvent(
        "StreamProbed", 1,
        #"{"camera_id":7,"observed_at":"2026-03-29T00:30:00.250000Z","ok":false,"response_time_ms":5000.0,"reason":"timed_out","detail":"No picture came in time."}"#
    )
    package static let correction = FrozenEvent(
        "CountCorrected", 1,
        #"{"camera_id":7,"from":"2026-03-29T00:30:00Z","to":"2026-03-29T01:15:00Z","line":"door","class":"person","delta_in":-3,"delta_out":1,"reason":"because","buckets":[{"start":"2026-03-29T00:30:00Z","delta_in":-3,"delta_out":0},{"start":"2026-03-29T01:00:00Z","delta_in":0,"delta_out":1}]}"#
    )
    package static let occupancyReset = FrozenEvent(
        "CameraOccupancyReset", 1,
        #"{"camera_id":7,"at":"2026-03-29T00:30:00Z","occupancy":2,"reason":"because"}"#)
    package static let occupancyResetBare = FrozenEvent(
        "CameraOccupancyReset", 1,
        #"{"camera_id":7,"at":"2026-03-29T00:30:00Z","occupancy":0}"#)
    package static let skip = FrozenEvent(
        "ProjectionEventSkipped", 1,
        #"{"projection":"hourly_counts","skipped_position":12,"skipped_type":"CountReadingRecorded","skipped_stream":"telemetry-7","sql_state":"22P02","error":"invalid input syntax for type bigint: \"many\"","reason":"because"}"#
    )
    package static let reactionSkip = FrozenEvent(
        "ReactionEventSkipped", 1,
        #"{"reaction":"door_alerts","skipped_position":12,"skipped_type":"CameraStatusChanged","skipped_stream":"camera-7","error":"the receiver does not answer","reason":"because"}"#
    )

    /// With all that it can have, and, named so, bare.
    package static let all: [FrozenEvent] = [
        .registered, .registeredWithFrames, .registeredBare, .registeredAsWritten, .described, .describedWithFrames,
        .describedBare,
        .describedAsWritten,
        .configured, .started, .restarted, .stopped,
        .stoppedBare,
        .statusChanged, .statusChangedBare, .removed, .removedBare, .monitoringStarted, .monitoringStopped,
        .heartbeatBare, .heartbeat, .heartbeatWithLosses, .readingBare,
        .reading, .correction, .probed, .probedInVain, .occupancyResetBare, .occupancyReset, .skip, .reactionSkip,
        .registeredWithSecrets,
        .configuredWithSecrets, .registeredWithPathInClear, .configuredWithPathInClear, .registeredWithSecretPath,
        .configuredWithSecretPath, .erased, .readingWithSealedFrame, .readingOfWholePicture, .correctionOfWholePicture,
        .probedFile, .readingOfTake, .takeBegan, .takeBeganBare, .takeResumed, .takeEnded,
        .tokenRevoked, .subjectRevoked, .allRevoked,
    ]

    /// As a log gives it.
    package var recorded: RecordedEvent { recorded(data: Array(data.utf8)) }

    /// With other data in its place.
    package func recorded(data: JSONObject) -> RecordedEvent { recorded(data: JSON.object(data).bytes) }

    private func recorded(data: [UInt8]) -> RecordedEvent {
        RecordedEvent(
            position: 1, stream: "frozen", version: 1, type: type, schemaVersion: schemaVersion, data: data,
            metadata: Array("{}".utf8), recordedAt: Timestamp(microseconds: 0))
    }
}

extension FrozenEvent: CustomStringConvertible {
    package var description: String { "\(type) \(schemaVersion) \(data.prefix(200))" }
}
