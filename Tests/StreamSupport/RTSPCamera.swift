import Crypto
import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// A camera that speaks RTSP (RFC 2326) and plays a transport stream on the same connection, again and again, as fast
/// as it is taken: MPEG-TS in RTP (RFC 2250, section 2), seven packets at a time.
package final class RTSPCamera: Sendable {
    /// What it asks of anyone who wants to see its pictures.
    package enum Access: Sendable {
        case open
        case basic(user: String, password: String)
        /// RFC 2069, which all of RTSP's clients know.
        case digest(user: String, password: String)
    }

    private let clip: Data
    private let access: Access
    /// What it answers to a method in place of what it should: the first line and fields of its own.
    private let oddities: [String: String]
    /// A request of its own, sent before the pictures.
    private let ownRequest: String?
    private let asked = Mutex<[String]>([])

    package init(
        clip: Data, access: Access = .open, oddities: [String: String] = [:], ownRequest: String? = nil
    ) {
        self.clip = clip
        self.access = access
        self.oddities = oddities
        self.ownRequest = ownRequest
    }

    /// The methods that it was asked for, in order.
    package var methods: [String] { asked.withLock(\.self) }

    /// Lends the camera's port for as long as the body runs.
    package func run<Value: Sendable>(
        tls: NIOSSLContext? = nil, _ body: @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        try await StreamServer.run(tls: tls) { [self] requests, answers in
            var received = ""
            for try await bytes in requests {
                received += String(buffer: bytes)
                while let end = received.range(of: "\r\n\r\n") {
                    let head = Request(received[..<end.lowerBound])
                    received.removeSubrange(..<end.upperBound)
                    asked.withLock { $0.append(head.method) }
                    try await answers.write(ByteBuffer(string: answer(head)))
                    if head.method == "PLAY" { try await play(answers) }
                }
            }
        } _: { port in
            try await body(port)
        }
    }

    private struct Request {
        let method: String
        let target: String
        let fields: [String: String]

        init(_ head: Substring) {
            let lines = head.components(separatedBy: "\r\n")
            let words = lines[0].components(separatedBy: " ")
            method = words[0]
            target = words.count > 1 ? words[1] : ""
            let pairs = lines.dropFirst().compactMap { line in
                line.range(of: ": ").map { (line[..<$0.lowerBound].lowercased(), String(line[$0.upperBound...])) }
            }
            fields = Dictionary(pairs) { first, _ in first }
        }
    }

    private func answer(_ request: Request) -> String {
        if let oddity = oddities[request.method] { return Self.message(oddity, to: request) }
        if request.method != "OPTIONS", let challenge = challenge(request) {
            return Self.message("RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: \(challenge)", to: request)
        }
        let fields =
            switch request.method {
            case "OPTIONS": "\r\nPublic: DESCRIBE, SETUP, PLAY, TEARDOWN"
            // As cameras do: the address that they know themselves by, which need not be the one they are reached at.
            case "DESCRIBE": "\r\nContent-Type: application/sdp\r\nContent-Base: rtsp://127.0.0.2:1/live/"
            case "SETUP": "\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1"
            default: "\r\nSession: 1"
            }
        return Self.message(
            "RTSP/1.0 200 OK" + fields, to: request, request.method == "DESCRIBE" ? Self.description : "")
    }

    private static func message(_ head: String, to request: Request, _ body: String = "") -> String {
        "\(head)\r\nCSeq: \(request.fields["cseq"] ?? "0")\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let description =
        "v=0\r\no=- 0 0 IN IP4 127.0.0.2\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\n"
        + "a=control:track1\r\n"

    /// What is asked of a request that does not prove who sends it; nil for one that does.
    private func challenge(_ request: Request) -> String? {
        let given = request.fields["authorization"]
        switch access {
        case .open: return nil
        case .basic(let user, let password):
            let expected = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
            return given == expected ? nil : #"Basic realm="camera""#
        case .digest(let user, let password):
            let whole = Self.md5("\(user):camera:\(password)")
            let response = Self.md5("\(whole):4711:" + Self.md5("\(request.method):\(request.target)"))
            let isRight = given?.hasPrefix("Digest ") == true && given?.contains("response=\"\(response)\"") == true
            return isRight ? nil : #"Digest realm="camera", nonce="4711""#
        }
    }

    private static func md5(_ text: String) -> String {
        Insecure.MD5.hash(data: Data(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// Sends pictures until nobody takes them any more.
    private func play(_ answers: StreamServer.Answers) async throws {
        if let ownRequest { try await answers.write(ByteBuffer(string: ownRequest)) }
        let length = 7 * TransportStream.packetLength
        var sequence: UInt16 = 0
        while true {
            for start in stride(from: 0, to: clip.count, by: length) {
                let part = clip[start..<min(start + length, clip.count)]
                var packet = ByteBuffer()
                // Interleaved on channel 0 (RFC 2326, section 10.12).
                packet.writeInteger(UInt8(ascii: "$"))
                packet.writeInteger(UInt8(0))
                packet.writeInteger(UInt16(12 + part.count))
                // RTP's head (RFC 3550, section 5.1): version 2, payload type 33, a clock of 90 kHz.
                packet.writeInteger(UInt8(0x80))
                packet.writeInteger(UInt8(33))
                packet.writeInteger(sequence)
                packet.writeInteger(UInt32(sequence) * 900)
                packet.writeInteger(UInt32(1))
                packet.writeBytes(part)
                try await answers.write(packet)
                sequence &+= 1
            }
        }
    }
}
