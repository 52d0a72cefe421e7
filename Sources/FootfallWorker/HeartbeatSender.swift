import EventSourcing
import Foundation
import Logging
import Synchronization

/// Reports to the server the health of a camera, and each loss of readings once.
struct HeartbeatSender: Sendable {
    let client: ServerClient
    let outbox: ReadingOutbox
    let health: CameraHealth
    let cameraID: Int64
    let untold: UntoldHeartbeats
    let logger: Logger

    /// Sends what is untold, and then the heartbeat for the time since the last one.
    ///
    /// A heartbeat that tells of losses and is not known to have arrived is sent again as it is, under its own
    /// sequence: if it did arrive, the server knows it as a duplicate, and the losses are not told twice.
    func send() async {
        for earlier in untold.all(of: cameraID) {
            switch await client.report(earlier.heartbeat, camera: cameraID) {
            case .accepted, .gone: break
            case .refused: outbox.note(earlier.losses)
            case .failed: return
            }
            untold.forget(earlier, of: cameraID)
        }
        let losses = outbox.takeLosses()
        if let sentence = losses.sentence { logger.error("readings were lost", metadata: ["what": "\(sentence)"]) }
        let heartbeat = health.heartbeat(losses: losses, heldUp: outbox.heldUpBecause, now: Timestamp(Date()))
        switch await client.report(heartbeat, camera: cameraID) {
        case .accepted, .gone: break
        case .refused(_, let reason):
            outbox.note(losses)
            logger.error("heartbeat refused", metadata: ["reason": "\(reason)"])
        case .failed where losses.isEmpty: break
        case .failed: untold.keep(UntoldHeartbeats.Untold(heartbeat: heartbeat, losses: losses), of: cameraID)
        }
    }
}

/// The heartbeats of a worker that tell of losses and are not known to have arrived, oldest first, by camera. They
/// outlive the run of a camera, and not the worker's process.
final class UntoldHeartbeats: Sendable {
    struct Untold: Hashable, Sendable {
        let heartbeat: JSON
        let losses: ReadingLosses
    }

    private let ofCameras = Mutex<[Int64: [Untold]]>([:])

    func all(of camera: Int64) -> [Untold] { ofCameras.withLock { $0[camera] ?? [] } }

    func keep(_ untold: Untold, of camera: Int64) { ofCameras.withLock { $0[camera, default: []].append(untold) } }

    func forget(_ untold: Untold, of camera: Int64) {
        ofCameras.withLock { $0[camera]?.removeAll { $0 == untold } }
    }
}
