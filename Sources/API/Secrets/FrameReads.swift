import Counting
import EventSourcing
import Foundation
import Hummingbird
import Secrets

/// The frame data of a reading, decrypted: for who administers the camera.
struct FrameReads: Sendable {
    let log: any EventLog
    let vault: CameraVault

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let id = try context.cameraID
        let notFound = Problem(.frameDataNotFound, "No reading of this camera has frame data at this position.")
        guard let position = context.parameters.get("position").flatMap({ Int64($0) }), position > 0,
            let event = try await log.read(after: position - 1, limit: 1).first,
            event.stream == id.telemetryStream, event.type == CountReading.eventType
        else { throw notFound }
        let data: [UInt8]
        switch try CountReading(event).frameData {
        case nil: throw notFound
        case .clear(let object): data = object.json.bytes
        case .sealed(let sealed):
            guard let bytes = Data(base64Encoded: sealed.text) else { throw Problem.internalError }
            do {
                data = try await vault.open(Array(bytes), of: id.number, keyID: sealed.keyID, for: .frameData)
            } catch CameraVault.Failure.erased {
                throw Problem(.cameraErased, "The key that this was encrypted under was destroyed.")
            }
        }
        return .json(
            #"{"position":\#(position),"frame_data":"#.utf8 + data + "}".utf8, position: nil)
    }
}
