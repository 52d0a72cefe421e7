/// Which certificates are believed of streams under TLS (rtsps, https, rtmps).
package struct StreamTrust: Sendable, Hashable {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Those that the system's authorities have signed, for the host that the stream's URL names.
    package static let system = StreamTrust(certificatesOf: nil)

    /// Whether a certificate has to prove anything; otherwise anyone who answers is believed.
    package let verifies: Bool
    /// A PEM file with further authorities, and with certificates of single cameras, whatever names these bear.
    package let file: String?

    private init(certificatesOf file: String?) {
        verifies = true
        self.file = file
    }

    /// - Parameter file: of no use, and so not taken, where nothing is verified.
    package init(verifies: Bool, file: String?) throws(Malformed) {
        if !verifies, file != nil {
            throw Malformed(description: "a file of certificates says nothing where none is verified")
        }
        self.verifies = verifies
        self.file = file
    }

    /// The flags by which another program of this package takes the same.
    package var arguments: [String] {
        ["--stream-tls-verify", verifies ? "on" : "off"] + (file.map { ["--stream-ca-file", $0] } ?? [])
    }
}
