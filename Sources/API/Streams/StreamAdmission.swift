import Counting
import StreamPolicy

extension StreamType {
    /// How the stream comes over a network; nil where it does not.
    var transport: StreamTransport? {
        switch self {
        case .rtsp: .rtsp
        case .http: .http
        case .rtmp: .rtmp
        case .file: nil
        }
    }
}

extension StreamPolicy {
    /// Takes an address that somebody gives a camera, or says what is wrong with it. Files are checked where they are
    /// opened: only the worker has its folder.
    func admit(_ address: StreamAddress) async throws(Problem) {
        guard let transport = address.type.transport else { return }
        do throws(StreamRefusal) { try await check(address.url, over: transport) } catch {
            let code =
                switch error {
                case .notAllowed: "address_not_allowed"
                case .malformed, .nameNotFound, .resolverTimedOut: "malformed"
                }
            throw .validationFailed([Fault(at: .pointer("/stream_url"), code, "\(error)")])
        }
    }
}
