import Testing

@testable import StreamPolicy

@Suite struct StreamTrustTests {
    @Test func certificatesAreVerifiedUnlessThatIsSwitchedOff() throws {
        #expect(try StreamTrust(verification: nil, file: nil) == .system)
        #expect(try StreamTrust(verification: "on", file: "/a.pem").file == "/a.pem")
        #expect(try StreamTrust(verification: "off", file: nil).verifies == false)
    }

    @Test func whatIsNotClearIsNotTaken() {
        for (verification, file) in [("off", "/a.pem"), ("no", nil), ("", nil), ("OFF", nil)] {
            #expect(throws: StreamTrust.Malformed.self) { try StreamTrust(verification: verification, file: file) }
        }
    }

    @Test func anotherProgramIsToldTheSame() throws {
        #expect(try StreamTrust(verification: "off", file: nil).arguments == ["--stream-tls-verify", "off"])
        #expect(
            try StreamTrust(verification: nil, file: "/a.pem").arguments
                == ["--stream-tls-verify", "on", "--stream-ca-file", "/a.pem"])
    }
}
