import Counting
import EventSourcing
import Logging
import Postgres
import Secrets
import StreamPolicy

/// What changes cameras: registration, replacement, control, removal and erasure.
///
/// Beside `CameraRefusal`, all throw `CommandError` or `Camera.Rejection` where the domain says no, and what the log, the
/// database and the vault fail by.
package struct CameraCommands: Sendable {
    private let log: any EventLog
    private let handler: CommandHandler<Camera>
    private let streams: StreamPolicy
    private let secrets: CameraSecrets
    private let erasures: Erasures
    private let recordings: Recordings
    private let newCameraID: @Sendable () async throws -> CameraID

    /// - Parameters:
    ///   - streams: where cameras' streams may lie.
    ///   - newCameraID: gives each id once.
    package init(
        log: any EventLog, handler: CommandHandler<Camera>, pool: Pool, vault: CameraVault, streams: StreamPolicy,
        newCameraID: @escaping @Sendable () async throws -> CameraID, now: @escaping @Sendable () -> Timestamp
    ) {
        self.log = log
        self.handler = handler
        self.streams = streams
        self.newCameraID = newCameraID
        secrets = CameraSecrets(vault: vault)
        erasures = Erasures(log: log, vault: vault, pool: pool)
        recordings = Recordings(pool: pool, handler: handler, now: now)
    }

    package func register(_ draft: CameraDraft, metadata: EventMetadata) async throws -> Handled<Camera.State> {
        try await admit(draft.configuration.address)
        return try await log.decided { history in
            let id = try await newCameraID()
            let configuration = try await secrets.keep(draft.configuration, of: id)
            return try await handler.handle(
                .register(id, draft.description, configuration), on: id.stream, metadata: metadata, in: history)
        }
    }

    /// - Parameter draft: makes of the camera as it is what it is to be.
    package func replace(
        _ id: CameraID, expecting expected: SeenVersion, metadata: EventMetadata,
        by draft: (CameraDocument) throws -> CameraDraft
    ) async throws -> Handled<Camera.State> {
        try await log.decided { history in
            let shown = try await shown(id, expecting: expected)
            let draft = try draft(shown.document)
            try await admit(draft.configuration.address)
            return try await replace(shown.camera, by: draft, expecting: expected, metadata, in: history)
        }
    }

    /// Changes parts of a camera, under the rules of a replacement. What the draft takes over from the camera is as it was
    /// at that version, so where any version will do and another change comes in between, the draft is made again.
    package func change(
        _ id: CameraID, expecting expected: SeenVersion, metadata: EventMetadata,
        by draft: (CameraDocument) throws -> CameraDraft
    ) async throws -> Handled<Camera.State> {
        try await log.decided { history in
            for _ in 0..<Self.maximumAttempts {
                let shown = try await shown(id, expecting: expected)
                let draft = try draft(shown.document)
                let (new, old) = (draft.configuration.address, shown.camera.configuration.address)
                // Where the stream stays, a name that cannot be looked up now is no reason to refuse another change.
                if new.url != old.url || new.type != old.type { try await admit(new) }
                let seen = expected == .any ? .oneOf([shown.document.version]) : expected
                do {
                    return try await replace(shown.camera, by: draft, expecting: seen, metadata, in: history)
                } catch CameraRefusal.stale where expected == .any {
                    continue
                }
            }
            throw CommandError<Camera.Rejection>.contended
        }
    }

    private static let maximumAttempts = 10

    /// The camera that a request changes, at a version that it expects.
    private func shown(
        _ id: CameraID, expecting expected: SeenVersion
    ) async throws -> (camera: Camera, document: CameraDocument) {
        let folded = try await handler.load(id.stream)
        let camera = try folded.state.registered
        guard expected.admits(folded.version) else { throw try await stale(id, expected, actual: folded.version) }
        return (camera, try CameraDocument(folded))
    }

    private func replace(
        _ camera: Camera, by draft: CameraDraft, expecting expected: SeenVersion, _ metadata: EventMetadata,
        in history: HistoryToken
    ) async throws -> Handled<Camera.State> {
        try await recordings.check(draft.description.settings, for: draft.configuration.address, of: camera.id)
        let configuration = try await secrets.keep(draft.configuration, of: camera.id, over: camera.configuration)
        return try await decide(
            .replace(draft.description, configuration), on: camera.id, expecting: expected, metadata, in: history)
    }

    private func admit(_ address: StreamAddress) async throws(CameraRefusal) {
        do throws(StreamRefusal) { try await streams.admit(address) } catch { throw .stream(error) }
    }

    /// Starts, stops, adjusts or monitors a camera, or says how it is.
    package func control(
        _ id: CameraID, by command: Camera.Command, expecting expected: SeenVersion = .any, metadata: EventMetadata
    ) async throws -> Handled<Camera.State> {
        switch command {
        case .start, .restart: try await recordings.checkStart(of: id)
        case .adjust(let settings, _, _): try await recordings.check(settings, of: id)
        default: break
        }
        return try await decide(command, on: id, expecting: expected, metadata)
    }

    package enum Removal: Hashable, Sendable {
        /// Recorded at this position.
        case removed(Int64)
        case removedBefore
    }

    package func remove(
        _ id: CameraID, expecting expected: SeenVersion, metadata: EventMetadata
    ) async throws -> Removal {
        try await remove(id, erasing: false, expecting: expected, metadata)
    }

    /// Removes a camera and destroys its key, and with it all that it protects. One that was removed before is erased
    /// whichever version is expected.
    /// - Returns: the position at which the erasure is recorded.
    package func erase(
        _ id: CameraID, expecting expected: SeenVersion, metadata: EventMetadata, _ logger: Logger
    ) async throws -> Int64 {
        let position: Int64
        switch try await remove(id, erasing: true, expecting: expected, metadata) {
        case .removed(let removed): position = removed
        case .removedBefore: position = try await erasures.record(id, metadata)
        }
        await erasures.clear(id, logger)
        return position
    }

    private func remove(
        _ id: CameraID, erasing: Bool, expecting expected: SeenVersion, _ metadata: EventMetadata
    ) async throws -> Removal {
        do {
            let command = Camera.Command.remove(reason: nil, erasing: erasing)
            let handled = try await decide(command, on: id, expecting: expected, metadata)
            return handled.position.map(Removal.removed) ?? .removedBefore
        } catch CommandError<Camera.Rejection>.rejected(.removed), CommandError<Camera.Rejection>.closed,
            Camera.Rejection.removed
        {
            return .removedBefore
        }
    }

    /// - Parameter history: the history of the log that the command itself rests on.
    private func decide(
        _ command: Camera.Command, on id: CameraID, expecting expected: SeenVersion, _ metadata: EventMetadata,
        in history: HistoryToken? = nil
    ) async throws -> Handled<Camera.State> {
        do throws(CommandError<Camera.Rejection>) {
            return try await handler.handle(
                command, on: id.stream, expecting: try await version(of: id, expected), metadata: metadata, in: history)
        } catch {
            switch error {
            case .rejected(.secretInClear):
                // The expectation held, for the command was decided.
                let version = try await encryptOldSecrets(of: id, metadata)
                return try await handler.handle(
                    command, on: id.stream, expecting: version, metadata: metadata, in: history)
            case .stale(let actual):
                _ = try await handler.load(id.stream).state.registered  // that there is no camera matters more
                throw try await stale(id, expected, actual: actual)
            default: throw error
            }
        }
    }

    /// The version to demand of the stream; nil where any will do. One that no camera has fails as stale.
    private func version(
        of id: CameraID, _ expected: SeenVersion
    ) async throws(CommandError<Camera.Rejection>) -> Int64? {
        guard case .oneOf(let versions) = expected else { return nil }
        if versions.count < 2 { return versions.first ?? -1 }
        let actual = try await handler.load(id.stream).version
        return versions.contains(actual) ? actual : -1
    }

    private static let maximumChanges = 50

    private func stale(_ id: CameraID, _ expected: SeenVersion, actual: Int64) async throws -> CameraRefusal {
        guard let given = expected.newest(before: actual) else { return .stale(actual: actual, changes: []) }
        let changes = try await log.read(
            id.stream, after: max(given, actual - Int64(Self.maximumChanges)), limit: Self.maximumChanges)
        return .stale(actual: actual, changes: changes)
    }

    /// Puts what an old event holds in clear under the camera's key, by a change of its own.
    /// - Returns: the camera's version afterwards.
    private func encryptOldSecrets(of id: CameraID, _ metadata: EventMetadata) async throws -> Int64 {
        try await log.decided { history in
            let folded = try await handler.load(id.stream)
            let configuration = try await secrets.keep(folded.state.registered.configuration, of: id)
            return try await handler.handle(
                .configure(configuration), on: id.stream, expecting: folded.version, metadata: metadata, in: history
            ).folded.version
        }
    }
}
