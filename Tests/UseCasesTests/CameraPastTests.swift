import Counting
import EventSourcing
import Testing
import UseCases

@Suite struct CameraPastTests {
    let useCases = TestUseCases()

    @Test func aVersionShowsTheCameraAsItWasThen() async throws {
        let id = try await useCases.register("Entrance")
        _ = try await useCases.cameras.replace(id, expecting: .any, metadata: EventMetadata()) { _ in
            try useCases.draft("Exit")
        }
        let past = CameraPast(log: useCases.log)
        let first = try await past.document(of: id, at: .version(1), now: TestUseCases.now)
        #expect(first.members["name"] == "Entrance")
        await #expect(throws: CameraPast.Refusal.beyondVersion(last: 2)) {
            try await past.document(of: id, at: .version(3), now: TestUseCases.now)
        }
        await #expect(throws: CameraPast.Refusal.beyondLog(head: 2)) {
            try await past.document(of: id, at: .position(3), now: TestUseCases.now)
        }
        await #expect(throws: CameraPast.Refusal.rejected(.unknown)) {
            try await past.document(of: try CameraID(9), at: .version(1), now: TestUseCases.now)
        }
    }

    @Test func changesNameMembersWithWhatTheyWereAndAre() async throws {
        let id = try await useCases.register("Entrance")
        _ = try await useCases.cameras.replace(id, expecting: .any, metadata: EventMetadata(actor: "ben")) { _ in
            try useCases.draft("Exit")
        }
        let changes = try await CameraHistory(log: useCases.log)
            .changes(of: id, CameraHistory.Page(order: .newest, limit: 1, bound: nil))
        let change = try #require(changes.items.first)
        #expect(change.metadata?.actor == "ben")
        #expect(change.differences.map(\.member) == ["/name"])
        #expect(change.differences.map(\.before) == ["Entrance"])
        #expect(changes.next == 2)
    }
}
