import Crypto
import EventSourcing
import Foundation
import NIOCore
import NIOSSL
import StreamPolicy
import StreamSupport
import Testing
import Vision
import X509

@testable import footfall_worker

/// Streams under TLS, of cameras with certificates that one may trust or not.
@Suite struct StreamTLSTests {
    /// How a camera is reached.
    enum Way: String, CaseIterable, Sendable {
        case rtsps, https

        var kind: CaptureSource.Kind { self == .rtsps ? .rtsp : .http }
    }

    private func withCamera(
        _ way: Way, _ identity: TestAuthority.Identity, _ body: @Sendable (Int) async throws -> Void
    ) async throws {
        let (tls, clip) = (try identity.serverContext(), try await TransportStream.clip)
        switch way {
        case .rtsps: try await RTSPCamera(clip: clip).run(tls: tls, body)
        case .https:
            try await ScriptedServer.run(tls: tls) { _ in
                ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: \(clip.count)\r\n\r\n") + clip
            } _: { port in
                try await body(port)
            }
        }
    }

    /// Looks where these certificates are trusted beside the system's; nil verifies none.
    private func look(
        _ way: Way, _ host: String, _ port: Int, trusting certificates: [String]?,
        pinning fingerprint: CertificateFingerprint? = nil
    ) async throws -> JSON {
        let file = FileManager.default.temporaryDirectory.appending(path: "trusted-\(UUID().uuidString).pem")
        defer { try? FileManager.default.removeItem(at: file) }  // a file in the temporary folder may stay
        try Data((certificates ?? []).joined(separator: "\n").utf8).write(to: file)
        let trust = try StreamTrust(
            verifies: certificates != nil, file: certificates?.isEmpty == false ? file.path : nil)
        let names = NameResolver { _ in [IPAddress("127.0.0.1")].compactMap(\.self) }
        return try await probe(
            way.kind, "\(way)://viewer:secret@\(host):\(port)/live.ts", names: names,
            tls: try CameraTLS(trust).pinned(to: fingerprint))
    }

    @Test(arguments: Way.allCases, ["127.0.0.1", "camera.invalid"])
    func aCertificateThatAnAuthorityVouchesForIsTrustedWithTheAuthority(_ way: Way, _ host: String) async throws {
        let authority = try TestAuthority()
        let identity = try authority.identity(for: .address(127, 0, 0, 1), .name("camera.invalid"))
        try await withCamera(way, identity) { port in
            let answer = try await look(way, host, port, trusting: [authority.certificate])
            #expect(answer["ok"] == true, "\(answer.text)")
            #expect(answer["codec"] == "mpeg2video")
            #expect(answer["fps"]?.number == 25)
            for others in [[], [try TestAuthority().certificate]] {
                let refused = try await look(way, host, port, trusting: others)
                #expect(refused["reason"] == "certificate_not_trusted", "\(refused.text)")
                #expect(refused["detail"]?.string?.contains("FOOTFALL_STREAM_CA_FILE") == true)
            }
        }
    }

    @Test(arguments: Way.allCases)
    func aCertificateForAnotherHostIsNotTrusted(_ way: Way) async throws {
        let authority = try TestAuthority()
        let identity = try authority.identity(for: .address(10, 0, 0, 5), .name("other.invalid"))
        try await withCamera(way, identity) { port in
            for host in ["127.0.0.1", "camera.invalid"] {
                let answer = try await look(way, host, port, trusting: [authority.certificate])
                #expect(answer["reason"] == "certificate_not_trusted", "\(answer.text)")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func aCamerasOwnCertificateIsTrustedWhateverItsName(_ way: Way) async throws {
        let identity = try TestAuthority.selfSigned(for: .name("IPC"))
        let other = try TestAuthority.selfSigned(for: .name("IPC"))
        try await withCamera(way, identity) { port in
            let known = try await look(way, "127.0.0.1", port, trusting: [other.certificate, identity.certificate])
            #expect(known["ok"] == true, "\(known.text)")
            for others in [[], [other.certificate]] {
                let unknown = try await look(way, "127.0.0.1", port, trusting: others)
                #expect(unknown["reason"] == "certificate_not_trusted", "\(unknown.text)")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func aCamerasOwnCertificateVouchesForNoOther(_ way: Way) async throws {
        let first = try TestAuthority(ofCamera: P256.Signing.PrivateKey())
        let forged = try first.identity(for: .address(127, 0, 0, 1))
        try await withCamera(way, forged) { port in
            let answer = try await look(way, "127.0.0.1", port, trusting: [first.certificate])
            #expect(answer["reason"] == "certificate_not_trusted", "\(answer.text)")
        }
    }

    /// Neither the file nor an authority helps another certificate, and verifying none does not either.
    @Test(arguments: Way.allCases)
    func aCameraWithAFingerprintShowsThatCertificateOrNone(_ way: Way) async throws {
        let (identity, other) = (try TestAuthority.selfSigned(for: .name("IPC")), try TestAuthority.selfSigned())
        let authority = try TestAuthority()
        func fingerprint(_ certificate: String) throws -> CertificateFingerprint? {
            CertificateFingerprint(
                bytes: SHA256.hash(data: try Certificate(pemEncoded: certificate).serializeAsPEM().derBytes))
        }
        let known = try fingerprint(identity.certificate)
        try await withCamera(way, identity) { port in
            for trusted in [[], [other.certificate], nil] {
                let answer = try await look(way, "127.0.0.1", port, trusting: trusted, pinning: known)
                #expect(answer["ok"] == true, "\(answer.text)")
            }
        }
        for identity in [other, try authority.identity(for: .address(127, 0, 0, 1))] {
            try await withCamera(way, identity) { port in
                for trusted in [[other.certificate, authority.certificate], nil] {
                    let answer = try await look(way, "127.0.0.1", port, trusting: trusted, pinning: known)
                    #expect(answer["reason"] == "certificate_not_trusted", "\(answer.text)")
                }
            }
        }
    }

    @Test(arguments: Way.allCases)
    func anyCertificateWillDoWhereNoneIsVerified(_ way: Way) async throws {
        try await withCamera(way, try TestAuthority.selfSigned(for: .name("IPC"))) { port in
            let answer = try await look(way, "127.0.0.1", port, trusting: nil)
            #expect(answer["ok"] == true, "\(answer.text)")
        }
    }

    @Test(arguments: Way.allCases)
    func aCameraThatSpeaksNoTLSIsSaidNotTo(_ way: Way) async throws {
        try await ScriptedServer.run { _ in
            ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n")
        } _: { port in
            let answer = try await look(way, "127.0.0.1", port, trusting: nil)
            #expect(answer["reason"] == "no_tls", "\(answer.text)")
        }
    }

    @Test func aRefusalByTheCameraIsToldUnderTLSToo() async throws {
        let identity = try TestAuthority.selfSigned(for: .name("IPC"))
        for (status, reason) in [("401 Unauthorized", "not_authorized"), ("404 Not Found", "refused_by_camera")] {
            try await ScriptedServer.run(tls: try identity.serverContext()) { _ in
                ByteBuffer(string: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
            } _: { port in
                let answer = try await look(.https, "127.0.0.1", port, trusting: [identity.certificate])
                #expect(answer["reason"]?.string == reason, "\(answer.text)")
            }
        }
    }

    /// What is trusted at the first server says nothing about the second.
    @Test func aRedirectLeadsOnlyToWhatIsTrustedToo() async throws {
        let (first, second) = (try TestAuthority.selfSigned(for: .name("IPC")), try TestAuthority.selfSigned())
        try await withCamera(.https, second) { target in
            try await ScriptedServer.run(tls: try first.serverContext()) { _ in
                ByteBuffer(
                    string: "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:\(target)/\r\nContent-Length: 0\r\n\r\n")
            } _: { port in
                let refused = try await look(.https, "127.0.0.1", port, trusting: [first.certificate])
                #expect(refused["reason"] == "certificate_not_trusted", "\(refused.text)")
                let both = [first.certificate, second.certificate]
                #expect(try await look(.https, "127.0.0.1", port, trusting: both)["ok"] == true)
            }
        }
    }

    @Test func aPlayListLeadsOnlyToWhatIsTrustedToo() async throws {
        let (first, second) = (try TestAuthority.selfSigned(for: .name("IPC")), try TestAuthority.selfSigned())
        try await withCamera(.https, second) { target in
            let list =
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttps://127.0.0.1:\(target)/1.ts\n#EXT-X-ENDLIST\n"
            try await ScriptedServer.run(tls: try first.serverContext()) { _ in
                ByteBuffer(
                    string: "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n"
                        + "Content-Length: \(list.utf8.count)\r\n\r\n" + list)
            } _: { port in
                let refused = try await look(.https, "127.0.0.1", port, trusting: [first.certificate])
                #expect(refused["reason"] == "certificate_not_trusted", "\(refused.text)")
                let both = [first.certificate, second.certificate]
                #expect(try await look(.https, "127.0.0.1", port, trusting: both)["ok"] == true)
            }
        }
    }

    @Test func aFileWithoutCertificatesIsOfNoUse() throws {
        for path in ["/nonexistent.pem", #filePath] {
            #expect(throws: CameraTLS.Unusable.self) {
                try CameraTLS(StreamTrust(verifies: true, file: path))
            }
        }
    }
}
