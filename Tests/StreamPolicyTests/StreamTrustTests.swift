import Testing

@testable import StreamPolicy

@Suite struct StreamTrustTests {
    @Test func certificatesAreVerifiedUnlessThatIsSwitchedOff() throws {
        #expect(try StreamTrust(verifies: true, file: nil) == .system)
        #expect(try StreamTrust(verifies: true, file: "/a.pem").file == "/a.pem")
        #expect(try StreamTrust(verifies: false, file: nil).verifies == false)
    }

    @Test func whatIsNotClearIsNotTaken() {
        #expect(throws: StreamTrust.Malformed.self) { try StreamTrust(verifies: false, file: "/a.pem") }
    }

    @Test func anotherProgramIsToldTheSame() throws {
        #expect(try StreamTrust(verifies: false, file: nil).arguments == ["--stream-tls-verify", "off"])
        #expect(
            try StreamTrust(verifies: true, file: "/a.pem").arguments
                == ["--stream-tls-verify", "on", "--stream-ca-file", "/a.pem"])
    }
}
