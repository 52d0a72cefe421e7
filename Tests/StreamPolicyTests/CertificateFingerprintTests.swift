import StreamPolicy
import Testing

@Suite struct CertificateFingerprintTests {
    private static let digits = "00ff" + String(repeating: "a5", count: 30)

    @Test func bothWaysOfWritingAreTheSame() throws {
        let bytes = [0, 255] + [UInt8](repeating: 0xA5, count: 30)
        let pairs = stride(from: 0, to: 64, by: 2).map { start in
            String(Array(Self.digits.uppercased())[start..<start + 2])
        }
        #expect(CertificateFingerprint(Self.digits)?.bytes == bytes)
        #expect(CertificateFingerprint(pairs.joined(separator: ":"))?.bytes == bytes)
    }

    @Test(arguments: [
        "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
        String(repeating: "g", count: 64),
        String(repeating: "00-", count: 31) + "00", String(repeating: "0", count: 95),
        String(repeating: "0\u{301}", count: 5000),
    ])
    func anythingElseIsNone(_ text: String) { #expect(CertificateFingerprint(text) == nil) }
}
