import Testing

@testable import StreamPolicy

@Suite struct StreamPolicyTests {
    private static let names: [String: [String]] = [
        "camera.example": ["10.0.0.5"], "both.example": ["10.0.0.5", "::1"], "here.example": ["127.0.0.1"],
    ]

    private let policy = StreamPolicy(
        resolver: NameResolver { (name: String) throws(NameResolver.Failure) in
            guard let addresses = StreamPolicyTests.names[name] else {
                throw name == "slow.example" ? .timedOut : .notFound
            }
            return addresses.compactMap { IPAddress($0) }
        })

    @Test(arguments: [
        "rtsp://camera.example/s", "rtsp://CAMERA.example./s", "rtsp://new.example/", "rtsp://slow.example/",
    ])
    func aNameThatLeadsNowhereForbiddenIsTaken(_ url: String) async throws {
        try await policy.check(url, over: .rtsp)
    }

    @Test(arguments: ["rtsp://here.example/s", "rtsp://both.example/s", "rtsp://camera.example@here.example"])
    func everyAddressOfANameCounts(_ url: String) async {
        await #expect {
            try await policy.check(url, over: .rtsp)
        } throws: { error in
            guard case .notAllowed(_, "loopback") = error as? StreamRefusal else { return false }
            return !"\(error)".contains("127.0.0.1") && !"\(error)".contains("::1")
        }
    }

    @Test func theSystemKnowsThisMachineAndNotEverything() async throws {
        let system = NameResolver.system()
        let addresses = try await system.addresses(of: "localhost")
        #expect(addresses.allSatisfy { StreamNetworks.defaults.obstacle(to: $0, over: .rtsp) == "loopback" })
        await #expect(throws: NameResolver.Failure.self) { try await system.addresses(of: "no.such.name.invalid") }
    }

    @Test func aCancelledLookUpReturns() async {
        let task = Task { try await NameResolver.system(timeout: .seconds(3600)).addresses(of: "localhost") }
        task.cancel()
        _ = await task.result
    }
}
