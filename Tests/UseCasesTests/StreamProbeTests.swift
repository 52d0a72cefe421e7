import Counting
import EventSourcing
import Testing
import UseCases

@Suite struct StreamProbeTests {
    let useCases = TestUseCases()

    private func probes(_ prober: StreamProber) -> StreamProbes {
        StreamProbes(log: useCases.log, vault: useCases.vault, prober: prober, now: { TestUseCases.now })
    }

    @Test func whatIsFoundIsRecorded() async throws {
        let id = try await useCases.register()
        let found = try await probes(StreamProber { _ in ["ok": true, "codec": "h264"] })
            .look(at: id, metadata: EventMetadata())
        #expect(found.probe.codec == "h264")
        let recorded = try await useCases.log.readAll(id.telemetryStream)
        #expect(recorded.map(\.position) == [found.position])
        #expect(try recorded.map { try StreamProbe($0) } == [found.probe])
    }

    @Test func whereNothingLooksNothingIsRecorded() async throws {
        let id = try await useCases.register()
        await #expect(throws: ProbeFailure.unavailable) {
            try await probes(.unavailable).lookNow(at: id, metadata: EventMetadata())
        }
        await #expect(throws: ProbeFailure.failed) {
            try await probes(StreamProber { _ in ["nothing": true] }).look(at: id, metadata: EventMetadata())
        }
        #expect(try await useCases.log.readAll(id.telemetryStream).isEmpty)
    }

    @Test func aCameraThatIsNotThereIsNotLookedAt() async throws {
        await #expect(throws: Camera.Rejection.unknown) {
            try await probes(.unavailable).look(at: try CameraID(9), metadata: EventMetadata())
        }
    }
}
