import StreamPolicy
import Vision

/// The one way to a stream: through the policy on addresses, or the folder of files.
///
/// FFmpeg resolves names by itself, and follows redirects and play lists. So it is never given the way to a camera: it
/// speaks with a relay in this process, which alone connects, to addresses that it has checked.
struct StreamDoor: Sendable {
    let policy: StreamPolicy
    let fileRoot: FileRoot?
    var tls = CameraTLS.system
    /// How long a connection may take to be made.
    var timeout = Duration.seconds(4)

    /// Lends what FFmpeg may open, for as long as the body runs.
    ///
    /// Throws `StreamTrouble` in place of a failure to open or go on that the relay knows the reason of.
    /// - Parameters:
    ///   - certificate: the only one that the camera may show; nil for any that is trusted.
    ///   - traffic: is told how much comes from the camera; nothing of a file.
    func open<Value: Sendable>(
        _ kind: CaptureSource.Kind, _ url: String, showing certificate: CertificateFingerprint? = nil,
        counting traffic: StreamTraffic? = nil,
        _ body: @Sendable (CaptureSource) async throws -> Value
    ) async throws -> Value {
        guard let transport = StreamTransport(kind) else {
            let file = try openFile(url)
            defer { withExtendedLifetime(file) {} }
            return try await body(try CaptureSource(kind: .file, url: file.path))
        }
        let endpoint: StreamEndpoint
        do throws(StreamRefusal) { endpoint = try StreamEndpoint(url, over: transport) } catch {
            throw StreamTrouble(error)
        }
        let report = RelayReport(traffic: traffic)
        let relay = StreamRelay(
            endpoint: endpoint, policy: policy, tls: tls.pinned(to: certificate), timeout: timeout,
            report: report)
        do {
            return try await relay.run { port in try await body(try source(of: endpoint, url, behind: port)) }
        } catch let error as VisionError {
            switch error {
            case .cannotOpen, .interrupted: throw report.trouble ?? error
            default: throw error
            }
        }
    }

    private func openFile(_ url: String) throws(StreamTrouble) -> OpenFile {
        guard let fileRoot else {
            throw .fileRefused("no folder of file streams is configured (FOOTFALL_FILE_STREAM_ROOT)")
        }
        do throws(FileRoot.Outside) { return try fileRoot.open(url) } catch { throw .fileRefused("\(error)") }
    }

    private func source(
        of endpoint: StreamEndpoint, _ url: String, behind port: UInt16
    ) throws(VisionError) -> CaptureSource {
        switch endpoint.transport {
        case .http: try CaptureSource(kind: .http, url: url, proxyPort: port)
        case .rtsp: try CaptureSource(kind: .rtsp, url: endpoint.url(behind: port))
        case .rtmp: try CaptureSource(kind: .rtmp, url: endpoint.url(behind: port), serverURL: endpoint.rtmpServerURL)
        }
    }
}

extension StreamTransport {
    /// nil for files.
    init?(_ kind: CaptureSource.Kind) {
        switch kind {
        case .rtsp: self = .rtsp
        case .http: self = .http
        case .rtmp: self = .rtmp
        case .file: return nil
        }
    }
}

extension StreamEndpoint {
    /// The same stream, as it is reached through a port of this machine that needs no TLS.
    fileprivate func url(behind port: UInt16) -> String {
        "\(transport.rawValue)://\(credentials.map { $0 + "@" } ?? "")127.0.0.1:\(port)\(path)"
    }

    /// What an RTMP server is told that it was called by (`tcUrl`): the application without the stream's name, as FFmpeg
    /// cuts it. nil where the path has another form than `/application/name`.
    fileprivate var rtmpServerURL: String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty,
            path.utf8.allSatisfy({ !";|?:".utf8.contains($0) })
        else { return nil }
        return "\(isSecure ? "rtmps" : "rtmp")://\(host):\(port)/\(parts[1])"
    }
}
