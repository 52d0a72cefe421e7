/// The SHA-256 of a certificate in DER, by which one camera's certificate is told from all others.
package struct CertificateFingerprint: Hashable, Sendable {
    /// The member of a camera's `security_config` that holds it.
    package static let member = "certificate_sha256"

    /// 32 of them.
    package let bytes: [UInt8]

    package init?(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        if self.bytes.count != 32 { return nil }
    }

    /// - Parameter text: 64 hexadecimal digits, in pairs with colons between them where there are colons, as
    ///   `openssl x509 -noout -fingerprint -sha256` prints it.
    package init?(_ text: String) {
        let digits = Array(text.utf8.prefix(96))
        let step = digits.count == 95 ? 3 : 2
        guard digits.count == 95 || digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: step) {
            guard let high = Self.value(digits[start]), let low = Self.value(digits[start + 1]) else { return nil }
            if step == 3, start + 2 < digits.count, digits[start + 2] != UInt8(ascii: ":") { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes: bytes)
    }

    /// 64 digits.
    package var hexadecimal: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
