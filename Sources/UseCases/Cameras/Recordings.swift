import Counting
import EventSourcing
import Postgres

/// Whether dated recordings have ended, as far as somebody has looked how long they are: readings from the future are
/// refused, so a recording that ends there would be played for nothing.
struct Recordings: Sendable {
    let pool: Pool
    let handler: CommandHandler<Camera>
    let now: @Sendable () -> Timestamp

    /// Checks settings that a camera is to have, for the stream that it has or, where it is given, another.
    /// - Throws: `CameraRefusal.settingsEndAhead`.
    func check(_ settings: CameraSettings, for address: StreamAddress? = nil, of id: CameraID) async throws {
        guard settings.startedAt != nil else { return }
        let present = try await handler.load(id.stream).state.camera?.configuration.address
        guard let address = address ?? present, let end = await end(of: settings, at: address, of: id) else { return }
        throw CameraRefusal.settingsEndAhead(end)
    }

    /// Checks what a camera would play.
    /// - Throws: `CameraRefusal.recordingEndsAhead`.
    func checkStart(of id: CameraID) async throws {
        guard let camera = try await handler.load(id.stream).state.camera,
            let end = await end(of: camera.description.settings, at: camera.configuration.address, of: id)
        else { return }
        throw CameraRefusal.recordingEndsAhead(end)
    }

    static let duration = SQLQuery(
        "duration_of_stream",
        "select duration_ms from read.stream_info where camera_id = :camera and stream_url = :url",
        parameters: ["camera": .integer, "url": .text], columns: ["duration_ms": .integer])

    /// When it ends; nil where that is past, or not known.
    private func end(of settings: CameraSettings, at address: StreamAddress, of id: CameraID) async -> Timestamp? {
        guard let start = settings.startedAt, address.type == .file,
            // What cannot be read is not known: nobody is kept from a command by it.
            let row = try? await pool.query(
                Self.duration, ["camera": .integer(id.number), "url": .text(address.url)]
            ).first,
            let milliseconds = try? row.optionalInteger("duration_ms")
        else { return nil }
        let end = start + .milliseconds(milliseconds)
        return end > now() ? end : nil
    }
}

extension Camera.State {
    fileprivate var camera: Camera? {
        guard case .registered(let camera) = self else { return nil }
        return camera
    }
}
