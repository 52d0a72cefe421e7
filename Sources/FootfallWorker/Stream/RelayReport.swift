import StreamPolicy
import Synchronization

/// What a relay saw of one stream, for anyone who wants to know why there are no pictures.
final class RelayReport: Sendable {
    private struct State {
        var refusal: StreamTrouble?
        var isConnected = false
        var status: Int?
    }

    private let state = Mutex(State())
    private let traffic: StreamTraffic?

    init(traffic: StreamTraffic? = nil) { self.traffic = traffic }

    /// So many bytes came from the camera.
    func received(_ bytes: Int) { traffic?.received(bytes) }

    /// The first refusal counts: what follows comes of it.
    func refuse(_ trouble: StreamTrouble) {
        state.withLock { if $0.refusal == nil { $0.refusal = trouble } }
    }

    func connected() { state.withLock { $0.isConnected = true } }

    /// The status of the camera's last answer, as far as it came in clear.
    func answered(_ status: Int) { state.withLock { $0.status = status } }

    /// The reason, where there is one to be seen from here.
    var trouble: StreamTrouble? {
        state.withLock { state in
            if let refusal = state.refusal { return refusal }
            switch state.status {
            case 401?, 403?: return .notAuthorized
            case let status? where status >= 400: return .status(status)
            default: return nil
            }
        }
    }
}
