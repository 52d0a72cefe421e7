import Foundation
import StreamSupport
import Testing

/// Workers whose server is reached under TLS alone.
@Suite(.timeLimit(.minutes(5))) struct WorkerTLSTests {
    /// Files with a certificate that is for another host than the tests' own.
    private func write(_ identity: TestAuthority.Identity, in folder: URL) throws -> [String] {
        let (certificate, key) = (folder.appending(path: "certificate.pem"), folder.appending(path: "key.pem"))
        try Data(identity.certificate.utf8).write(to: certificate)
        try Data(identity.key.utf8).write(to: key)
        return ["--tls-certificate", certificate.path, "--tls-key", key.path]
    }

    private func up(in folder: URL, _ arguments: [String]) throws -> Program {
        try Program("footfall", ["up", "--port", "0", "--data-dir", folder.path] + arguments)
    }

    @Test func theWorkerOfThisMachineReachesItsServerWhateverItsCertificateIsFor() async throws {
        try await withFolder { folder in
            let footfall = try up(
                in: folder, write(try TestAuthority.selfSigned(for: .name("footfall.invalid")), in: folder))
            try await footfall.waits(for: "connected to the server")
            #expect(footfall.output.contains("https://127.0.0.1:"))
            footfall.signal(SIGTERM)
            #expect(await footfall.waitsForEnd() == 0)
            #expect(!footfall.output.contains("no assignments from the server"), "\(footfall.output)")
        }
    }

    @Test func aWorkerElsewhereTrustsTheAuthorityThatItIsGiven() async throws {
        try await withFolder { folder in
            let authority = try TestAuthority()
            let others = folder.appending(path: "others.pem")
            try Data(try TestAuthority().certificate.utf8).write(to: others)
            let trusted = folder.appending(path: "authority.pem")
            try Data(authority.certificate.utf8).write(to: trusted)
            let identity = try authority.identity(for: .address(127, 0, 0, 1))
            let footfall = try up(in: folder, write(identity, in: folder) + ["--no-worker"])
            try await footfall.waits(for: "/api/v1\n")
            let port = try #require(
                footfall.output.firstMatch(of: /https:\/\/127\.0\.0\.1:([0-9]+)\/api\/v1/)?.output.1)
            let token = try await Footfall.workerToken("w7", ["--data-dir", folder.path])
            for (file, said) in [(trusted, "connected to the server"), (others, "no assignments")] {
                let worker = try Program(
                    "footfall-worker",
                    ["--id", "w7", "--server", "https://127.0.0.1:\(port)", "--server-ca-file", file.path],
                    environment: ["FOOTFALL_TOKEN": token])
                try await worker.waits(for: said)
                worker.signal(SIGTERM)
                #expect(await worker.waitsForEnd() == 0)
            }
            footfall.signal(SIGTERM)
            #expect(await footfall.waitsForEnd() == 0)
        }
    }
}
