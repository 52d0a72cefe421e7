/// A type of event, by the name under which it is stored. Names are never changed.
///
/// What is known of a type is its `declaration`. Events are encoded and decoded by hand, and tests hold that against the
/// declaration member by member; the views of `projections/_events` and `docs/reference/events.md` are generated from it.
package enum EventType: String, CaseIterable, Sendable {
    case cameraRegistered = "CameraRegistered"
    case cameraDescribed = "CameraDescribed"
    case cameraConfigured = "CameraConfigured"
    case cameraStarted = "CameraStarted"
    case cameraRestarted = "CameraRestarted"
    case cameraStopped = "CameraStopped"
    case cameraStatusChanged = "CameraStatusChanged"
    case cameraMonitoringStarted = "CameraMonitoringStarted"
    case cameraMonitoringStopped = "CameraMonitoringStopped"
    case recordingTakeBegan = "RecordingTakeBegan"
    case recordingTakeResumed = "RecordingTakeResumed"
    case recordingTakeEnded = "RecordingTakeEnded"
    case cameraRemoved = "CameraRemoved"
    case cameraErased = "CameraErased"
    case heartbeatRecorded = "HeartbeatRecorded"
    case countReadingRecorded = "CountReadingRecorded"
    case countCorrected = "CountCorrected"
    case cameraOccupancyReset = "CameraOccupancyReset"
    case streamProbed = "StreamProbed"
    case projectionEventSkipped = "ProjectionEventSkipped"
    case reactionEventSkipped = "ReactionEventSkipped"
    case tokensRevoked = "TokensRevoked"

    package var declaration: EventDeclaration {
        switch self {
        case .cameraRegistered: .cameraRegistered
        case .cameraDescribed: .cameraDescribed
        case .cameraConfigured: .cameraConfigured
        case .cameraStarted: .cameraStarted
        case .cameraRestarted: .cameraRestarted
        case .cameraStopped: .cameraStopped
        case .cameraStatusChanged: .cameraStatusChanged
        case .cameraMonitoringStarted: .cameraMonitoringStarted
        case .cameraMonitoringStopped: .cameraMonitoringStopped
        case .recordingTakeBegan: .recordingTakeBegan
        case .recordingTakeResumed: .recordingTakeResumed
        case .recordingTakeEnded: .recordingTakeEnded
        case .cameraRemoved: .cameraRemoved
        case .cameraErased: .cameraErased
        case .heartbeatRecorded: .heartbeatRecorded
        case .countReadingRecorded: .countReadingRecorded
        case .countCorrected: .countCorrected
        case .cameraOccupancyReset: .cameraOccupancyReset
        case .streamProbed: .streamProbed
        case .projectionEventSkipped: .projectionEventSkipped
        case .reactionEventSkipped: .reactionEventSkipped
        case .tokensRevoked: .tokensRevoked
        }
    }

    /// The schema versions that this release reads.
    package var schemaVersions: ClosedRange<Int16> { 1...declaration.newestVersion }

    /// Whether this release reads events of a type, given by its stored name, in a schema version.
    package static func includes(_ name: String, schemaVersion: Int16) -> Bool {
        EventType(rawValue: name)?.schemaVersions.contains(schemaVersion) ?? false
    }
}
