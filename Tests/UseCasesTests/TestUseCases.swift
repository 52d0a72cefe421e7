import Counting
import EventSourcing
import Logging
import Postgres
import Secrets
import StreamPolicy
import Synchronization
import UseCases

/// Use cases on a log in memory, without a database: what only a read model knows is not known here.
struct TestUseCases: Sendable {
    static let now = Timestamp(microseconds: 1_774_785_600_000_000)

    let log = InMemoryEventLog(now: { Self.now })
    let cameras: CameraCommands
    let vault: CameraVault

    init() {
        vault = .inMemory()
        let ids = Mutex<Int64>(0)
        cameras = CameraCommands(
            log: log, handler: CommandHandler(log: log),
            pool: Pool(ConnectionTarget("host=/nonexistent"), logger: .silent), vault: vault, streams: StreamPolicy(),
            newCameraID: {
                try CameraID(
                    ids.withLock { number in
                        number += 1
                        return number
                    })
            },
            now: { Self.now })
    }

    func draft(
        _ name: String, at url: String = "rtsp://10.0.0.5/stream", in location: String? = nil
    ) throws -> CameraDraft {
        CameraDraft(
            CameraDescription(name: try CameraName(name), location: try location.map { try Location($0) }),
            CameraConfiguration(address: try StreamAddress(url, type: .rtsp)))
    }

    /// Registers a camera, and gives its id.
    func register(_ name: String = "Entrance") async throws -> CameraID {
        let handled = try await cameras.register(try draft(name), metadata: EventMetadata(actor: "anna"))
        return try handled.folded.state.registered.id
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}
