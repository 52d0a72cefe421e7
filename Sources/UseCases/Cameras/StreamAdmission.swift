import Counting
import StreamPolicy

extension StreamType {
    /// How the stream comes over a network; nil where it does not.
    package var transport: StreamTransport? {
        switch self {
        case .rtsp: .rtsp
        case .http: .http
        case .rtmp: .rtmp
        case .file: nil
        }
    }
}

extension StreamPolicy {
    /// Takes an address that somebody gives a camera, or refuses it. Files are checked where they are
    /// opened: only the worker has its folder.
    func admit(_ address: StreamAddress) async throws(StreamRefusal) {
        guard let transport = address.type.transport else { return }
        try await check(address.url, over: transport)
    }
}
