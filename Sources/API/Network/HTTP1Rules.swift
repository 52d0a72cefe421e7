import NIOCore
import NIOHTTP1

/// What came is no request that RFC 9112 allows, though it can be read.
struct MalformedRequest: Error {}

/// Holds requests of HTTP/1 to what their parser leaves open, and answers each in the version that it came in. Stands
/// between the parser and what makes requests of all versions of HTTP the same.
///
/// - A request names its host once (RFC 9112, section 3.2) and asks for a target of this server (section 3.2.1 to 3.2.4).
/// - A client of HTTP/1.0 keeps its connection only where it asks for that; it knows neither chunks nor `100 Continue`
///   (section 9.3; RFC 9110, section 10.1.1).
final class HTTP1Rules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The last request's, as long as it is answered.
    private var isOld = false
    private var isHeadRequest = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        guard Self.isAllowed(head) else {
            context.fireErrorCaught(MalformedRequest())
            return
        }
        isOld = head.version.isOld
        isHeadRequest = head.method == .HEAD
        let options = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        if isOld { head.headers.remove(name: "expect") }
        if options.contains("close") || isOld && !options.contains("keep-alive") {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOld, case .head(var head) = unwrapOutboundIn(data), head.status.code >= 200 else {
            return context.write(data, promise: promise)
        }
        let isBounded =
            head.headers.contains(name: "content-length") || isHeadRequest || !head.status.mayHaveResponseBody
        if !isBounded {
            // The end of the connection is the end of the body.
            head.version = .http1_0
            head.headers.replaceOrAdd(name: "connection", value: "close")
        } else if !head.headers.contains(name: "connection") {
            head.headers.add(name: "connection", value: "keep-alive")
        }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    private static func isAllowed(_ head: HTTPRequestHead) -> Bool {
        guard head.uri.utf8.allSatisfy({ $0 < 0x80 }), head.headers.allSatisfy({ HeaderText.isTaken($0.value) }) else {
            return false
        }
        let hosts = head.headers["host"]
        guard hosts.count == 1 || hosts.isEmpty && head.version.isOld, hosts.allSatisfy(HostName.isValid) else {
            return false
        }
        return isAllowed(target: head.uri, of: head.method)
    }

    private static func isAllowed(target: String, of method: HTTPMethod) -> Bool {
        if target.utf8.first == UInt8(ascii: "/") { return true }
        if target == "*" { return method == .OPTIONS }
        if method == .CONNECT { return HostName.isValid(target) }
        let parts = target.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else { return false }
        return HostName.isValid(String(parts[1].prefix { !"/?#".utf8.contains($0.utf8.first ?? 0) }))
    }
}

/// The name of a host as requests give it, perhaps with a port: `uri-host [ ":" port ]` of RFC 9110, section 7.2.
enum HostName {
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let host: ArraySlice<UInt8>
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), bytes[1..<end].allSatisfy(isOfLiteral), end > 1
            else { return false }
            host = bytes[...end]
        } else {
            host = bytes.prefix { $0 != UInt8(ascii: ":") }
            guard !host.isEmpty, host.allSatisfy(isOfName) else { return false }
        }
        let rest = bytes[host.endIndex...]
        return rest.isEmpty
            || rest.first == UInt8(ascii: ":") && rest.count <= 6 && rest.dropFirst().allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// `unreserved`, `sub-delims` and `%` of RFC 3986, section 3.2.2.
    private static func isOfName(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "-._~!$&'()*+,;=%".utf8.contains(byte)
    }

    private static func isOfLiteral(_ byte: UInt8) -> Bool { isOfName(byte) || byte == UInt8(ascii: ":") }
}

extension HTTPVersion {
    /// Before HTTP/1.1.
    fileprivate var isOld: Bool { (major, minor) < (1, 1) }
}
