/// Which certificates are believed of streams under TLS (rtsps, https, rtmps).
package struct StreamTrust: Sendable, Hashable {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Those that the system's authorities vouch for, for the host that the stream's URL names.
    package static let system = StreamTrust(verifies: true, file: nil)

    /// Whether a certificate has to prove anything; otherwise whoever answers is believed.
    package let verifies: Bool
    /// A PEM file with further authorities, and with certificates of single cameras, whatever names these bear.
    package let file: String?

    private init(verifies: Bool, file: String?) {
        self.verifies = verifies
        self.file = file
    }

    /// - Parameters:
    ///   - verification: `on` or `off`; nil is `on`.
    ///   - file: of no use, and so not taken, where nothing is verified.
    package init(verification: String?, file: String?) throws(Malformed) {
        switch verification {
        case nil, "on": self.init(verifies: true, file: file)
        case "off":
            if file != nil {
                throw Malformed(description: "a file of certificates says nothing where none is verified")
            }
            self.init(verifies: false, file: nil)
        case .some(let word): throw Malformed(description: "it is \(word), not on or off")
        }
    }

    /// The flags by which another program of this package takes the same.
    package var arguments: [String] {
        ["--stream-tls-verify", verifies ? "on" : "off"] + (file.map { ["--stream-ca-file", $0] } ?? [])
    }
}
