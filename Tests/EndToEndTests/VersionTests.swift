import Release
import Testing

/// Which release runs is told wherever one would look.
@Suite(.timeLimit(.minutes(5))) struct VersionTests {
    @Test(arguments: ["footfall", "footfall-worker", "footfallctl"])
    func programSaysItsVersion(_ name: String) async throws {
        let answer = try await Program.run(name, ["--version"])
        #expect(answer.code == 0)
        #expect(answer.output == "\(name) \(Release.version)\n")
    }

    @Test func serverSaysItsVersion() async throws {
        try await withFolder { folder in
            let server = try await Footfall.up(in: folder, ["--no-worker"])
            let metrics = try await server.text("/metrics")
            #expect(metrics.contains("\nfootfall_build_info{version=\"\(Release.version)\"} 1\n"))
            #expect(server.program.output.contains("version=\(Release.version)"))
            #expect(await server.stop() == 0)
        }
    }
}
