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

    /// The camera's life, under optimistic locking.
    package var stream: StreamName { StreamName("camera-\(number)") }

    /// What the camera reports; opened and closed together with its life.
    package var telemetryStream: StreamName { StreamName("telemetry-\(number)") }

    /// That its key was destroyed, where that came after its removal.
    package var erasureStream: StreamName { StreamName("erasure-\(number)") }
}
