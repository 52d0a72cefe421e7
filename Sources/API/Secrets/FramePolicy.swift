import Counting
import EventSourcing
import Foundation
import Secrets

/// What becomes of the frame data in readings: it may show people, so it is dropped unless the camera's settings ask for
/// it, and encrypted under the camera's key where they do.
struct FramePolicy: Sendable {
    let handler: CommandHandler<Camera>
    let vault: CameraVault

    /// Whether frame data was among the readings, and if so, whether it is kept.
    enum Outcome: String {
        case kept, dropped
    }

    /// Readings without frame data cost nothing; those with some, a look whether the camera has changed.
    func apply(to readings: inout [TelemetryItem], of id: CameraID) async throws -> Outcome? {
        let framed = readings.indices.filter { readings[$0].report.frameData != nil }
        if framed.isEmpty { return nil }
        guard case .registered(let camera) = try await handler.load(id.stream).state,
            camera.description.settings.keepFrameData == true
        else { return .dropped }
        let (keyID, sealed) = try await vault.seal(
            framed.map { readings[$0].report.frameData?.json.bytes ?? [] }, of: id.number, for: .frameData)
        for (index, bytes) in zip(framed, sealed) {
            readings[index].report.keep(SealedFrameData(keyID: keyID, text: Data(bytes).base64EncodedString()))
        }
        return .kept
    }
}
