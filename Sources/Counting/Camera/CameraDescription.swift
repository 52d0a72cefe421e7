/// What people say about a camera: replaced as a whole.
package struct CameraDescription: Hashable, Sendable {
    package var name: CameraName
    package var location: Location?
    package var notes: CameraNotes?
    package var metadata: FreeformObject
    package var settings: CameraSettings
    package var timeZone: TimeZoneName

    package init(
        name: CameraName, location: Location? = nil, notes: CameraNotes? = nil, metadata: FreeformObject = .empty,
        settings: CameraSettings = CameraSettings(), timeZone: TimeZoneName = .utc
    ) {
        self.name = name
        self.location = location
        self.notes = notes
        self.metadata = metadata
        self.settings = settings
        self.timeZone = timeZone
    }
}

/// What is watched, and which lines are counted at: replaced as a whole.
package struct CameraConfiguration: Hashable, Sendable {
    package var address: StreamAddress
    package var lines: Lines
    /// What the stream is opened with besides, a JSON object; secret as a whole.
    package var securityConfig: CameraSecret?

    package init(address: StreamAddress, lines: Lines = .none, securityConfig: CameraSecret? = nil) {
        self.address = address
        self.lines = lines
        self.securityConfig = securityConfig
    }

    package var secrets: [CameraSecret] { [address.credentials, address.path, securityConfig].compactMap(\.self) }
}
