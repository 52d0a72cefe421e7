import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OpenTelemetry
import StreamPolicy

@testable import API
@testable import Access
@testable import Counting
@testable import EventLog

/// What reads bytes from outside. Given anything at all, each takes it or refuses it, soon; a crash is a fault, and so is a
/// result that is not what it promises.
enum Parser: UInt8, CaseIterable {
    case json, token, url, address, rtsp, proof, headers, path, instant

    /// Reads `bytes` as the first of them says, the rest of them.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let first = bytes.first, let parser = Parser(rawValue: first % UInt8(allCases.count)) else { return }
        parser.read(Array(bytes.dropFirst()))
    }

    func read(_ bytes: [UInt8]) {
        switch self {
        case .json: Self.readJSON(bytes)
        case .token: Self.readToken(bytes)
        case .url: Self.readURL(Self.text(bytes))
        case .address: Self.readAddress(Self.text(bytes))
        case .rtsp: Self.readRTSP(bytes)
        case .proof: Self.readProof(bytes)
        case .headers: Self.readHeaders(Self.text(bytes))
        case .path: Self.readPath(Self.text(bytes))
        case .instant: Self.readInstant(Self.text(bytes))
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What was read is written and read again as the same.
    private static func readJSON(_ bytes: [UInt8]) {
        guard let json = try? JSON.parse(bytes, within: .foreign) else { return }  // refused, which is right
        let again = try? JSON.parse(json.bytes)
        precondition(again == json, "\(json) is written as \(json.text)")
        _ = try? FreeformObject(json.object ?? [:])  // a rule that it breaks is no fault here
        _ = try? CameraForm(json, now: Timestamp(microseconds: 0))
        _ = try? TelemetryForm.read(json, list: "readings") { _ in .failure(Noted()) }
    }

    private static func readToken(_ bytes: [UInt8]) {
        guard let token = try? CompactToken(text(bytes)), let claims = try? token.claims else { return }
        _ = try? Principal(claims: claims)
        _ = try? TokenRules(issuer: "a", audience: "b").check(claims, at: Timestamp(microseconds: 0))
    }

    /// What is shown of an address is an address.
    private static func readURL(_ text: String) {
        for transport in StreamTransport.allCases { _ = try? StreamEndpoint(text, over: transport) }
        guard let address = try? StreamAddress(text, type: nil) else { return }
        _ = try? StreamAddress(address.masked, type: address.type)
    }

    private static func readAddress(_ text: String) {
        _ = IPAddress(text)
        _ = try? StreamNetworks(text)
        if let network = Network(text), let address = IPAddress("10.0.0.1") { _ = network.contains(address) }
        _ = ClientNetwork(of: text)?.description
        _ = HostName.isValid(text)
    }

    /// However the bytes come, the same is passed on.
    private static func readRTSP(_ bytes: [UInt8]) {
        var (whole, pieces) = (RTSPReader(), RTSPReader())
        guard let passed = try? whole.pass(ByteBuffer(bytes: bytes)) else { return }
        var parts = ByteBuffer()
        let half = bytes.count / 2
        for piece in [bytes[..<half], bytes[half...]] {
            guard let part = try? pieces.pass(ByteBuffer(bytes: piece)) else {
                preconditionFailure("refused in pieces")
            }
            parts.writeImmutableBuffer(part)
        }
        precondition(parts == passed, "what is passed on depends on how it came")
    }

    private static func readProof(_ bytes: [UInt8]) {
        var file = ProofFile()
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            do { try file.take(line) } catch { return }
        }
        _ = try? file.finish()
    }

    private static func readHeaders(_ text: String) {
        let line = String(text.unicodeScalars.filter { $0 >= " " && $0 != "\u{7F}" })
        var head = HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/")
        for name in [HTTPField.Name.ifNoneMatch, .accept, .forwardedFor] {
            head.headerFields[name] = line
        }
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        _ = try? EntityTags(.ifNoneMatch, of: request)
        _ = AcceptedTypes(request).weight(of: "text/html")
        _ = ClientAddress(trusted: [Network("10.0.0.0/8")].compactMap(\.self)).of(request, peer: "10.0.0.1")
        if let trace = TraceContext(parent: line, state: line) {
            precondition(TraceContext(parent: trace.parent) != nil)
        }
        _ = try? IdempotencyKey(request)
    }

    /// An address is normalized once and for all.
    private static func readPath(_ text: String) {
        let normal = PathEscapes.normalized(text)
        _ = PathEscapes.areValid(in: normal)
        precondition(normal.utf8.count <= text.utf8.count)
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/x?" + text),
            body: RequestBody(buffer: ByteBuffer()))
        _ = try? Query.read(request) { query in
            _ = query.names(beginningWith: "metadata.")
            return query.optional("from", QueryRule.instant)
        }
    }

    /// What was read is written and read again as the same.
    private static func readInstant(_ text: String) {
        guard let instant = Timestamp(rfc3339: text) else { return }
        precondition(Timestamp(rfc3339: instant.rfc3339) == instant, text)
    }
}
