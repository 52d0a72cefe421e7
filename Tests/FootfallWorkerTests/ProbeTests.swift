import EventSourcing
import Foundation
import NIOCore
import StreamPolicy
import StreamSupport
import Testing
import Vision

@testable import footfall_worker

/// Each probe goes through real sockets to servers on 127.0.0.1, which is the one address that is allowed.
@Suite struct ProbeTests {
    private static let clip = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".cache/opencv-doc/vtest.avi")

    private static func http(_ head: String, _ body: Data = Data()) -> ByteBuffer {
        ByteBuffer(string: "HTTP/1.1 \(head)\r\nContent-Length: \(body.count)\r\n\r\n") + body
    }

    @Test func aClipIsToldByItsCodecSizeAndRate() async throws {
        let clip = try Data(contentsOf: Self.clip)
        try await ScriptedServer.run { _ in
            Self.http("200 OK", clip)
        } _: { port in
            let answer = try await probe(.http, "http://user:secret@127.0.0.1:\(port)/clip.avi")
            #expect(answer["ok"] == true, "\(answer.text)")
            #expect(answer["width"] == 768)
            #expect(answer["height"] == 576)
            #expect(answer["fps"]?.number == 10)
            #expect(answer["duration_ms"] == 79_500)
            #expect(answer["codec"]?.string?.isEmpty == false)
        }
    }

    /// No such name exists: were FFmpeg to resolve it, nothing would be found.
    @Test func theConnectionGoesToTheAddressThatWasChecked() async throws {
        let clip = try Data(contentsOf: Self.clip)
        let calls = CallCount()
        let rebinding = NameResolver { _ in
            [IPAddress(calls.next() == 1 ? "127.0.0.1" : "127.0.0.2")].compactMap(\.self)
        }
        try await ScriptedServer.run { _ in
            Self.http("200 OK", clip)
        } _: { port in
            let url = "http://camera.invalid:\(port)/clip.avi"
            let (first, second) = (
                try await probe(.http, url, names: rebinding), try await probe(.http, url, names: rebinding)
            )
            #expect(first["ok"] == true, "\(first.text)")
            #expect(second["reason"] == "address_not_allowed", "\(second.text)")
        }
    }

    @Test func aNameThatChangesBeforeARedirectIsRefused() async throws {
        let calls = CallCount()
        let rebinding = NameResolver { _ in
            [IPAddress(calls.next() == 1 ? "127.0.0.1" : "127.0.0.2")].compactMap(\.self)
        }
        let served = CallCount()
        try await ScriptedServer.run { _ in
            _ = served.next()
            return Self.http("302 Found\r\nLocation: /again")
        } _: { port in
            let answer = try await probe(.http, "http://camera.invalid:\(port)/", names: rebinding)
            #expect(answer["reason"] == "address_not_allowed", "\(answer.text)")
            #expect(served.total == 1)
        }
    }

    @Test(arguments: [
        "http://127.0.0.2:1/", "http://2130706434:1/", "http://[::1]:1/", "https://127.0.0.2:1/",
        "http://169.254.169.254/",
    ])
    func anHTTPRedirectToAForbiddenAddressIsRefused(_ target: String) async throws {
        try await ScriptedServer.run { _ in
            Self.http("302 Found\r\nLocation: \(target)")
        } _: { port in
            let answer = try await probe(.http, "http://127.0.0.1:\(port)/")
            #expect(answer["reason"] == "address_not_allowed", "\(answer.text)")
        }
    }

    @Test(arguments: ["rtsp://127.0.0.2:1/s", "rtsp://u:secret@127.0.0.2:1/s", "http://127.0.0.2:1/"])
    func anRTSPRedirectIsNotFollowed(_ target: String) async throws {
        try await ScriptedServer.run { _ in
            ByteBuffer(string: "RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: \(target)\r\n\r\n")
        } _: { port in
            let answer = try await probe(.rtsp, "rtsp://127.0.0.1:\(port)/s")
            #expect(answer["reason"] == "redirected", "\(answer.text)")
            #expect(!answer.text.contains("secret"))
        }
    }

    @Test(arguments: [
        "file:///etc/hostname", "concat:/etc/hostname", "subfile,,start,0,end,9,,:/etc/hostname", "tcp://127.0.0.1:1",
        "data:text/plain,x", "/etc/hostname", "http://127.0.0.2:1/s.ts", "crypto:/etc/hostname",
    ])
    func aPlayListLeadsToNothingForbidden(_ entry: String) async throws {
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n\(entry)\n#EXT-X-ENDLIST\n"
        try await ScriptedServer.run { request in
            request.contains("s.m3u8")
                ? Self.http("200 OK\r\nContent-Type: application/vnd.apple.mpegurl", Data(list.utf8))
                : Self.http("404 Not Found")
        } _: { port in
            let answer = try await probe(.http, "http://127.0.0.1:\(port)/s.m3u8")
            #expect(answer["ok"] == false, "\(answer.text)")
        }
    }

    @Test func aRefusalByTheCameraIsTold() async throws {
        for (status, reason) in [("401 Unauthorized", "not_authorized"), ("404 Not Found", "refused_by_camera")] {
            try await ScriptedServer.run { _ in
                Self.http(status)
            } _: { port in
                let answer = try await probe(.http, "http://127.0.0.1:\(port)/")
                #expect(answer["reason"]?.string == reason, "\(answer.text)")
            }
            try await ScriptedServer.run { _ in
                ByteBuffer(string: "RTSP/1.0 \(status)\r\nCSeq: 1\r\n\r\n")
            } _: { port in
                let answer = try await probe(.rtsp, "rtsp://127.0.0.1:\(port)/")
                #expect(answer["reason"]?.string == reason, "\(answer.text)")
            }
        }
    }

    @Test(arguments: ["http", "rtsp", "rtmp"])
    func aServerThatSaysNothingRunsIntoTheLimit(_ scheme: String) async throws {
        let kind = try #require(CaptureSource.Kind(rawValue: scheme))
        try await ScriptedServer.run { _ in
            nil
        } _: { port in
            let answer = try await probe(kind, "\(scheme)://127.0.0.1:\(port)/app/s", timeout: .milliseconds(300))
            #expect(answer["reason"] == "timed_out", "\(answer.text)")
        }
    }

    @Test func whatIsForbiddenIsSaidWithoutAConnection() async throws {
        for url in [
            "rtsp://127.0.0.2/s", "rtsp://a@169.254.169.254/s", "rtsps://[::1]/s", "rtsp://10.0.0.5#@127.0.0.1/",
        ] {
            #expect(try await probe(.rtsp, url)["reason"] == "address_not_allowed")
        }
        #expect(try await probe(.rtsp, "rtsp://nowhere.invalid/s")["reason"] == "name_not_found")
    }

    @Test func aFileOutsideOfItsFolderIsNotOpened() async throws {
        let folder = Self.clip.deletingLastPathComponent().path
        #expect(try await probe(.file, Self.clip.absoluteString, root: folder)["width"] == 768)
        #expect(try await probe(.file, "file:///etc/hostname", root: folder)["reason"] == "file_not_allowed")
        #expect(try await probe(.file, Self.clip.absoluteString)["reason"] == "file_not_allowed")
    }
}
