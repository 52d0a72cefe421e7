import Counting
import EventSourcing
import Testing
import UseCases

@Suite struct CameraCommandTests {
    let useCases = TestUseCases()
    var cameras: CameraCommands { useCases.cameras }

    @Test func secretsAreEncryptedBeforeACommandIsDecided() async throws {
        let draft = try useCases.draft("Entrance", at: "rtsp://anna:secret@10.0.0.5/stream")
        let handled = try await cameras.register(draft, metadata: EventMetadata())
        let camera = try handled.folded.state.registered
        #expect(camera.configuration.address.credentials?.id != nil)
        let stored = try await useCases.log.readAll(camera.id.stream)
        #expect(!stored.contains { String(decoding: $0.data, as: UTF8.self).contains("secret@") })
    }

    @Test func whoComesTooLateIsToldWhatHasChanged() async throws {
        let id = try await useCases.register()
        for name in ["Exit", "Door"] {
            _ = try await cameras.replace(id, expecting: .any, metadata: EventMetadata(actor: "ben")) { _ in
                try useCases.draft(name)
            }
        }
        let error = await #expect(throws: CameraRefusal.self) {
            try await cameras.replace(id, expecting: .oneOf([1]), metadata: EventMetadata()) { _ in
                try useCases.draft("Gate")
            }
        }
        guard case .stale(let actual, let changes) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(actual == 3)
        #expect(changes.map(\.version) == [2, 3])
    }

    @Test func noVersionAtAllIsAlwaysTooLate() async throws {
        let id = try await useCases.register()
        let error = await #expect(throws: CameraRefusal.self) {
            try await cameras.control(id, by: .startMonitoring, expecting: .oneOf([]), metadata: EventMetadata())
        }
        guard case .stale(actual: 1, let changes) = error, changes.isEmpty else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aDraftIsMadeOfTheCameraAsItIs() async throws {
        let id = try await useCases.register()
        let handled = try await cameras.change(id, expecting: .oneOf([1, 7]), metadata: EventMetadata()) { shown in
            #expect(shown.version == 1)
            return try useCases.draft("Exit")
        }
        #expect(try handled.folded.state.registered.description.name.text == "Exit")
    }

    @Test func aStreamInsideThisMachineIsRefused() async throws {
        let draft = try useCases.draft("Entrance", at: "rtsp://127.0.0.1/stream")
        let error = await #expect(throws: CameraRefusal.self) {
            try await cameras.register(draft, metadata: EventMetadata())
        }
        guard case .stream(.notAllowed) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await useCases.log.head() == 0)
    }

    @Test func aCameraIsRemovedOnce() async throws {
        let id = try await useCases.register()
        #expect(try await cameras.remove(id, expecting: .oneOf([1]), metadata: EventMetadata()) == .removed(2))
        for expected in [SeenVersion.any, .oneOf([1]), .oneOf([2])] {
            #expect(try await cameras.remove(id, expecting: expected, metadata: EventMetadata()) == .removedBefore)
        }
    }

    @Test func whatWasRemovedIsErasedOnce() async throws {
        let id = try await useCases.register()
        _ = try await cameras.remove(id, expecting: .any, metadata: EventMetadata())
        for _ in 0..<2 {
            let position = try await cameras.erase(id, expecting: .any, metadata: EventMetadata(), .silent)
            #expect(position == 3)
        }
        #expect(try await useCases.log.head() == 3)
    }

    @Test func removalAndErasureAreOneChange() async throws {
        let id = try await useCases.register()
        let position = try await cameras.erase(id, expecting: .oneOf([1]), metadata: EventMetadata(), .silent)
        #expect(try await useCases.log.head() == position)
    }

    @Test func whatThereIsNotIsUnknown() async throws {
        let id = try CameraID(9)
        await #expect(throws: CommandError<Camera.Rejection>.self) {
            try await cameras.remove(id, expecting: .any, metadata: EventMetadata())
        }
        await #expect(throws: Camera.Rejection.unknown) {
            try await cameras.control(id, by: .stop(reason: nil), expecting: .oneOf([1]), metadata: EventMetadata())
        }
    }
}
