import Counting
import Testing
import UseCases

@testable import API
@testable import StreamPolicy

@Suite struct StreamAdmissionTests {
    /// What the domain takes for the same destination is what the worker connects to.
    @Test func bothReadSchemesAlike() {
        for type in StreamType.allCases {
            let policy = type.transport?.schemes.map { "\($0.name) \($0.port) \($0.isSecure)" }
            let domain = type.allSchemes.compactMap { scheme in
                scheme.port.map { "\(scheme.name) \($0) \(scheme.isSecure)" }
            }
            #expect(policy ?? [] == domain)
        }
    }

    private func camera(_ url: String, type: String) -> String {
        #"{"name":"Entrance","stream_url":"\#(url)","stream_type":"\#(type)","lines":[]}"#
    }

    @Test(arguments: [
        ("rtsp://127.0.0.1/s", "rtsp", "address_not_allowed"),
        ("rtsp://a:b@127.0.0.1/s", "rtsp", "address_not_allowed"),
        ("rtsp://2130706433/s", "rtsp", "address_not_allowed"), ("rtsps://[::1]/s", "rtsp", "address_not_allowed"),
        ("rtmp://0177.0.0.1/s", "rtmp", "address_not_allowed"),
        ("http://169.254.169.254/latest", "http", "address_not_allowed"),
        ("http://10.0.0.5/mjpg", "http", "address_not_allowed"),
        ("https://private.test/s", "http", "address_not_allowed"),
        ("rtsp://loopback.test/s", "rtsp", "address_not_allowed"),
        ("rtsp://metadata.test./s", "rtsp", "address_not_allowed"),
        ("rtsp://127.0.0.1.9.9/s", "rtsp", "malformed"), ("rtsp://kamera-büro.test/s", "rtsp", "malformed"),
        ("rtsp://10.0.0.5\\\\@127.0.0.1/s", "rtsp", "invalid_character"),
        ("http://8.8.8.8/s", "rtsp", "scheme_mismatch"),
    ])
    func anAddressThatIsNoCamerasIsRefused(_ url: String, _ type: String, _ code: String) async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", camera(url, type: type))
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == ["/stream_url \(code)"])
            try await api.register()
            let replaced = try await api.put("/cameras/1", camera(url, type: type), ifMatch: "*")
            #expect(replaced.faults == ["/stream_url \(code)"])
        }
    }

    @Test(arguments: [
        ("rtsp://10.0.0.5/s", "rtsp"), ("rtsp://[fd12::1]/s", "rtsp"), ("rtsp://private.test/s", "rtsp"),
        ("rtmp://192.168.1.2/s", "rtmp"), ("https://8.8.8.8/s", "http"), ("http://not-there-yet.test/s", "http"),
        ("file:///clips/a.avi", "file"),
    ])
    func anAddressThatMayBeACamerasIsTaken(_ url: String, _ type: String) async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", camera(url, type: type))
            #expect(answer.status == 201, "\(answer.body)")
        }
    }

    @Test func whatANameResolvesToIsNotToldToWhoAsks() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", camera("rtsp://loopback.test/s", type: "rtsp"))
            #expect(answer.body.contains("loopback.test"))
            #expect(!answer.body.contains("127.0.0.1"))
        }
    }
}
