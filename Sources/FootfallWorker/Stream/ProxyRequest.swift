import Foundation
import NIOCore
import StreamPolicy

/// The head of a request that FFmpeg sends to an HTTP proxy.
struct ProxyRequest {
    static let maximumBytes = 1 << 16

    let isTunnel: Bool
    /// Host and port, as in `camera.example:8080`.
    private let authority: Substring
    /// What the server is to get in its place.
    let forwarded: ByteBuffer

    /// Takes the head out of the bytes, if it is there whole and can be read.
    init?(_ bytes: inout ByteBuffer) {
        let text = String(buffer: bytes)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.upperBound]
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3 else { return nil }
        isTunnel = words[0] == "CONNECT"
        if isTunnel {
            authority = words[1]
            forwarded = ByteBuffer()
        } else {
            guard words[1].hasPrefix("http://") else { return nil }
            let rest = words[1].dropFirst("http://".count)
            authority = rest.prefix { $0 != "/" && $0 != "?" }
            let path = rest.dropFirst(authority.count)
            let target = path.hasPrefix("/") ? String(path) : "/" + path
            let fields = lines.dropFirst().filter { !$0.lowercased().hasPrefix("proxy-") }
            forwarded = ByteBuffer(
                string: (["\(words[0]) \(target) \(words[2])"] + fields).joined(separator: "\r\n"))
        }
        bytes.moveReaderIndex(forwardBy: head.utf8.count)
    }

    func place() throws(StreamRefusal) -> (host: StreamEndpoint.Host, port: UInt16) {
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let (host, port) = try StreamEndpoint.place(place, standard: isTunnel ? 443 : 80)
        return (host, port)
    }
}
