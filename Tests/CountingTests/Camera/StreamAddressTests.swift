import Counting
import Testing

@Suite struct StreamAddressTests {
    @Test(arguments: [
        ("rtsp://10.0.0.5/stream1", StreamType.rtsp), ("rtsps://cam.example:322/", .rtsp),
        ("rtsp://[fe80::1]:554/live?channel=1", .rtsp), ("rtsp://cam", .rtsp),
        ("rtsp://host/Streaming/Channels/101", .rtsp),
        ("http://cam/mjpg/video.mjpg?resolution=640x480", .http), ("https://kamera-büro.example/", .http),
        ("rtmps://live.example/", .rtmp), ("rtmp://live.example", .rtmp), ("file:///srv/video.mp4", .file),
        ("file:///srv/a?b#c@d.mp4", .file),
    ])
    func addressWithoutCredentialsStaysAsItIs(url: String, type: StreamType) throws {
        let address = try StreamAddress(url, type: type)
        #expect(address.url == url)
        #expect(address.credentials == nil)
        #expect(address.path == nil)
        #expect(address.masked == url)
        #expect(address.url(with: nil, path: nil) == url)
        #expect(address.type == type)
    }

    @Test(arguments: [
        ("rtsp://admin:secret@10.0.0.5:554/s", "admin:secret", "rtsp://10.0.0.5:554/s"),
        ("rtsp://admin@host/s", "admin", "rtsp://host/s"),
        ("rtsp://:only@host", ":only", "rtsp://host"),
        ("rtsp://a%20b:s%40crt@host/s", "a%20b:s%40crt", "rtsp://host/s"),
        ("rtsp://admin:p@ss@host/s", "admin:p@ss", "rtsp://host/s"),
        ("rtsp://u:p@[::1]:8554/s", "u:p", "rtsp://[::1]:8554/s"),
    ])
    func credentialsAreTakenApart(text: String, credentials: String, url: String) throws {
        let address = try StreamAddress(text, type: .rtsp)
        #expect(address.credentials == .clear(credentials))
        #expect(address.url == url)
        #expect(address.url(with: credentials, path: nil) == text)
        #expect(address.masked == url.replacing("rtsp://", with: "rtsp://***@"))
        #expect(!address.masked.contains(credentials))
    }

    @Test func emptyCredentialsAreNone() throws {
        let address = try StreamAddress("rtsp://@host/s", type: .rtsp)
        #expect(address.credentials == nil)
        #expect(address.url == "rtsp://host/s")
    }

    @Test func schemeIsWrittenInLowerCase() throws {
        #expect(try StreamAddress("RTSP://Host/S", type: .rtsp).url == "rtsp://Host/S")
    }

    @Test(arguments: ["file://localhost/clips/a.avi", "FILE://LocalHost/clips/a.avi", "file:///clips/a.avi"])
    func aFileOfThisMachineIsNamedInOneWay(_ text: String) throws {
        #expect(try StreamAddress(text, type: .file).url == "file:///clips/a.avi")
    }

    @Test func maskIsRecognized() throws {
        #expect(try StreamAddress("rtsp://***@host/s", type: .rtsp).credentials == .masked)
        #expect(try StreamAddress("rtsp://**@host/s", type: .rtsp).credentials == .clear("**"))
    }

    @Test(arguments: [
        ("", StreamType.rtsp, InvalidValue.Code.malformed), ("host/stream", .rtsp, .malformed),
        ("rtsp:/host", .rtsp, .malformed), ("rtsp:host", .rtsp, .malformed),
        ("http://host/", .rtsp, .schemeMismatch), ("rtsp://host/", .http, .schemeMismatch),
        ("file:///a", .rtmp, .schemeMismatch), ("rtmp://host/", .file, .schemeMismatch),
        ("concat://host/", .http, .schemeMismatch), ("://host", .rtsp, .schemeMismatch),
        ("rtsp://", .rtsp, .missingHost), ("rtsp:///path", .rtsp, .missingHost), ("rtsp://:554/", .rtsp, .missingHost),
        ("rtsp://user:pw@/s", .rtsp, .missingHost), ("rtsp://host:port/", .rtsp, .malformed),
        ("rtsp://host:70000/", .rtsp, .malformed), ("rtsp://host:/", .rtsp, .malformed),
        ("rtsp://host:0/", .rtsp, .malformed), ("rtsp://host:+5/", .rtsp, .malformed),
        ("rtsp://[::1/", .rtsp, .malformed),
        ("rtsp://[]/", .rtsp, .malformed), ("rtsp://[::1]x/", .rtsp, .malformed), ("rtsp://a|b/", .rtsp, .malformed),
        ("rtsp://user:pa#ss@host/s", .rtsp, .invalidCharacter), ("rtsp://user:pa?ss@host/s", .rtsp, .invalidCharacter),
        ("rtsp://user:pa/ss@host/s", .rtsp, .invalidCharacter), ("rtsp://host/user@home", .rtsp, .invalidCharacter),
        ("http://cam/mjpg?x=1#y", .http, .invalidCharacter), ("rtsp://host#", .rtsp, .invalidCharacter),
        ("rtsp://host/***/live", .rtsp, .malformed), ("rtsp://host/live?channel=***", .rtsp, .malformed),
        ("rtsp://host/a b", .rtsp, .invalidCharacter), ("rtsp://host/a\nb", .rtsp, .invalidCharacter),
        ("rtsp://host/\u{7F}", .rtsp, .invalidCharacter), ("rtsp://ho\u{A0}st/", .rtsp, .invalidCharacter),
        (" rtsp://host/", .rtsp, .invalidCharacter),
        ("file://video.mp4", .file, .pathNotAbsolute), ("file://host/video.mp4", .file, .pathNotAbsolute),
        ("file://", .file, .pathNotAbsolute), ("file:///", .file, .pathNotAbsolute),
        ("file://user@/video", .file, .pathNotAbsolute),
    ])
    func unfitAddressIsRefused(url: String, type: StreamType, expected: InvalidValue.Code) {
        #expect(refusal { try StreamAddress(url, type: type) } == expected)
    }

    @Test func lengthIsBounded() {
        let longest = "rtsp://host/" + String(repeating: "a", count: 2048 - 12)
        #expect(refusal { try StreamAddress(longest, type: .rtsp) } == nil)
        #expect(refusal { try StreamAddress(longest + "a", type: .rtsp) } == .tooLong)
    }
}
