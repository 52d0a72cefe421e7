import EventSourcing

/// A camera's number, from 1; never given to another camera.
package struct CameraID: Hashable, Sendable, CustomStringConvertible {
    package let number: Int64

    package init(_ number: Int64) throws(InvalidValue) {
        guard number >= 1 else { throw InvalidValue(.outOfRange, "A camera's id is 1 or more.") }
        self.number = number
    }

    init?(stored json: JSON) {
        // The error would say no more than nil does.
        guard let number = json.integer, let id = try? CameraID(number) else { return nil }
        self = id
    }

    package var description: String { String(number) }

    /// What a stream of a camera holds. Each is a case here, so that anyone who reads all that is known of a camera
    /// misses none.
    package enum StreamRole: String, CaseIterable, Sendable {
        /// The camera's life, under optimistic locking.
        case life = "camera"
        /// What the camera reports; opened and closed together with its life.
        case telemetry
        /// That its key was destroyed, where that came after its removal.
        case erasure

        /// How the names of such streams begin; the camera's number follows.
        package var prefix: String { "\(rawValue)-" }
    }

    /// The streams of all cameras.
    package static let streamFamily = StreamFamily(StreamRole.self)

    /// All streams that may hold events of the camera, its life first.
    package var streams: [StreamName] { Self.streamFamily.streams(of: number) }

    package var stream: StreamName { stream(.life) }

    package var telemetryStream: StreamName { stream(.telemetry) }

    package var erasureStream: StreamName { stream(.erasure) }

    private func stream(_ role: StreamRole) -> StreamName { StreamName("\(role.prefix)\(number)") }
}
