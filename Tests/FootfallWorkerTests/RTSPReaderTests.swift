import NIOCore
import Testing

@testable import footfall_worker

@Suite struct RTSPReaderTests {
    private static let answer = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n"
    private static let packet = "$\u{0}\u{0}\u{8}12345678"

    private func read(_ text: String, by piece: Int = .max) throws -> String {
        var reader = RTSPReader()
        var passed = ByteBuffer()
        var bytes = ByteBuffer(string: text)
        while bytes.readableBytes > 0 {
            guard let part = bytes.readSlice(length: min(piece, bytes.readableBytes)) else { break }
            passed.writeImmutableBuffer(try reader.pass(part))
        }
        return String(buffer: passed)
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func answersAndPacketsPassHoweverTheyAreCut(_ piece: Int) throws {
        let text = Self.answer + Self.packet + Self.packet + Self.answer
        #expect(try read(text, by: piece) == text)
    }

    @Test(arguments: [
        "RTSP/1.0 302 Found\r\nLocation: rtsp://a/\r\n\r\n", "RTSP/1.0 301 Moved\n\n",
        "RTSP/1.0\t302 200 OK\r\n\r\n", " RTSP/1.0 302 Found\r\n\r\n", "RTSP/1.0  302 Found\r\n\r\n",
        "RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        "RTSP/1.0 200 OK\r\n$\u{0}\u{0}\u{8}12345678\r\n\r\n", "RTSP/1.0 200 OK\r\nA: \rB\r\n\r\n",
        "HTTP/1.1 302 Found\r\n\r\n",
    ])
    func whatRedirectsOrCanBeReadInTwoWaysStopsTheStream(_ text: String) {
        #expect(throws: StreamTrouble.self) { try read(Self.answer + text) }
    }

    @Test func aPacketThatFFmpegWouldCutAnotherWayIsLeftOut() throws {
        #expect(try read("$\u{0}\u{0}\u{3}RTS" + Self.packet) == Self.packet)
    }

    @Test func pathsMayHoldAnyText() throws {
        let text = "RTSP/1.0 200 OK\r\nContent-Base: rtsp://camera/Büro/入口/\r\n\r\n"
        #expect(try read(text) == text)
    }

    /// As many cameras offer it: FFmpeg would take the last one, and give up.
    @Test func ofSeveralChallengesFFmpegSeesTheOneThatItCanAnswer() throws {
        let old = #"WWW-Authenticate: Digest realm="camera", nonce="1""#
        let new = #"WWW-Authenticate: Digest realm="camera", nonce="2", algorithm=SHA-256"#
        let basic = #"WWW-Authenticate: Basic realm="camera""#
        func answer(_ challenges: [String]) -> String {
            "RTSP/1.0 401 Unauthorized\r\n" + challenges.map { $0 + "\r\n" }.joined() + "\r\n"
        }
        #expect(try read(answer([old, basic, new])) == answer([old, basic]))
        #expect(try read(answer([new, old])) == answer([old]))
        for others in [[old, basic], [new, basic], [basic]] { #expect(try read(answer(others)) == answer(others)) }
    }

    @Test func anEndlessHeadIsNoAnswer() {
        #expect(throws: StreamTrouble.noVideo) { try read("RTSP/1.0 200 " + String(repeating: "x", count: 2000)) }
        #expect(throws: StreamTrouble.noVideo) {
            try read("RTSP/1.0 200 OK\r\n" + String(repeating: "a: b\r\n", count: 300))
        }
    }
}
