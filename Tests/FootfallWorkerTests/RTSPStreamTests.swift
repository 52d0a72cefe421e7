import EventSourcing
import Foundation
import StreamSupport
import Testing

/// Streams of a camera that speaks RTSP, as far as FFmpeg's first picture.
@Suite struct RTSPStreamTests {
    private func camera(
        _ access: RTSPCamera.Access = .open, oddities: [String: String] = [:], ownRequest: String? = nil
    ) async throws -> RTSPCamera {
        RTSPCamera(clip: try await TransportStream.clip, access: access, oddities: oddities, ownRequest: ownRequest)
    }

    @Test func aStreamIsToldByItsCodecSizeAndRate() async throws {
        try await camera().run { port in
            let answer = try await probe(.rtsp, "rtsp://127.0.0.1:\(port)/live")
            #expect(answer["ok"] == true, "\(answer.text)")
            #expect(answer["codec"] == "mpeg2video")
            #expect(answer["width"] == 160)
            #expect(answer["height"] == 120)
            #expect(answer["fps"]?.number == 25)
        }
    }

    @Test(arguments: [
        RTSPCamera.Access.basic(user: "viewer", password: "a:b/c"), .digest(user: "viewer", password: "a:b/c"),
    ])
    func credentialsInTheURLOpenIt(_ access: RTSPCamera.Access) async throws {
        let camera = try await camera(access)
        try await camera.run { port in
            let answer = try await probe(.rtsp, "rtsp://viewer:a%3Ab%2Fc@127.0.0.1:\(port)/live")
            #expect(answer["ok"] == true, "\(answer.text)")
            #expect(camera.methods.contains("PLAY"))
        }
    }

    @Test(arguments: [
        RTSPCamera.Access.basic(user: "viewer", password: "right"), .digest(user: "viewer", password: "right"),
    ])
    func wrongCredentialsAreSaidToBeSo(_ access: RTSPCamera.Access) async throws {
        let camera = try await camera(access)
        try await camera.run { port in
            for credentials in ["", "viewer:wrong-one@", "other:right@"] {
                let answer = try await probe(.rtsp, "rtsp://\(credentials)127.0.0.1:\(port)/live")
                #expect(answer["reason"] == "not_authorized", "\(answer.text)")
                #expect(!answer.text.contains("wrong-one"))
            }
            #expect(!camera.methods.contains("SETUP"))
        }
    }

    @Test(arguments: ["DESCRIBE", "SETUP", "PLAY"])
    func aRedirectIsNotFollowedAtAnyStep(_ method: String) async throws {
        let camera = try await camera(
            oddities: [method: "RTSP/1.0 302 Moved Temporarily\r\nLocation: rtsp://u:secret@127.0.0.2:1/live"])
        try await camera.run { port in
            let answer = try await probe(.rtsp, "rtsp://127.0.0.1:\(port)/live")
            #expect(answer["reason"] == "redirected", "\(answer.text)")
            #expect(answer["detail"]?.string?.contains("rtsp://127.0.0.2:1/live") == true)
            #expect(camera.methods.last == method)
        }
    }

    /// RFC 2326, section 10.10: the camera itself asks to go elsewhere.
    @Test func aRequestToGoElsewhereIsNotFollowed() async throws {
        let request = "REDIRECT rtsp://127.0.0.1/live RTSP/1.0\r\nCSeq: 9\r\nLocation: rtsp://127.0.0.2:1/live\r\n\r\n"
        let camera = try await camera(ownRequest: request)
        try await camera.run { port in
            let answer = try await probe(.rtsp, "rtsp://127.0.0.1:\(port)/live")
            #expect(answer["ok"] == true, "\(answer.text)")
            #expect(camera.methods.prefix(4) == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
        }
    }

    @Test func aStreamThatIsNotThereIsSaidToBeSo() async throws {
        try await camera(oddities: ["DESCRIBE": "RTSP/1.0 404 Not Found"]).run { port in
            let answer = try await probe(.rtsp, "rtsp://127.0.0.1:\(port)/live")
            #expect(answer["reason"] == "refused_by_camera", "\(answer.text)")
            #expect(answer["detail"]?.string?.contains("404") == true)
        }
    }
}
