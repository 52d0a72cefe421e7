import Counting
import EventSourcing

/// Gives cameras to a worker and takes them away. Each camera is a stream of its own and decides for itself, so one that is
/// refused holds up no other.
package struct Assignments: Sendable {
    package enum Outcome: Sendable {
        case done(version: Int64, position: Int64)
        case unchanged(version: Int64)
        case refused(any Error)
    }

    package struct Result: Sendable {
        package let camera: CameraID
        package let outcome: Outcome

        /// The last position written.
        package var position: Int64? {
            if case .done(_, let position) = outcome { position } else { nil }
        }
    }

    /// Throws where the caller may not know of a camera.
    package typealias Check = @Sendable (CameraID) async throws -> Void

    private let commands: CameraCommands

    package init(commands: CameraCommands) { self.commands = commands }

    /// Starts cameras on the worker, or moves them there. One that runs there already stays as it is.
    /// - Returns: a result for each, in their order.
    package func assign(
        _ cameras: [CameraID], to worker: WorkerID, metadata: EventMetadata, check: @escaping Check
    ) async -> [Result] {
        await perform(.start(worker: worker), on: cameras, metadata, check)
    }

    /// Stops those of the cameras that run on the worker. It stays the one that a camera was given to last, where it goes
    /// back to when it is started without saying where.
    /// - Returns: a result for each, in their order.
    package func release(
        _ cameras: [CameraID], from worker: WorkerID, reason: Reason?, metadata: EventMetadata, check: @escaping Check
    ) async -> [Result] {
        await perform(.release(from: worker, reason: reason), on: cameras, metadata, check)
    }

    private func perform(
        _ command: Camera.Command, on cameras: [CameraID], _ metadata: EventMetadata, _ check: @escaping Check
    ) async -> [Result] {
        var metadata = metadata
        // The log notes of a request under a key what one append came to. Here are several, and none that is made again
        // changes anything, so they are made without the key.
        metadata.request = nil
        // All at once: what comes together is appended together.
        return await withTaskGroup(of: (index: Int, outcome: Outcome).self) { [metadata] group in
            for (index, camera) in cameras.enumerated() {
                group.addTask { (index, await outcome(of: command, on: camera, metadata, check)) }
            }
            var outcomes: [Int: Outcome] = [:]
            for await (index, outcome) in group { outcomes[index] = outcome }
            return cameras.enumerated().compactMap { index, camera in
                outcomes[index].map { Result(camera: camera, outcome: $0) }
            }
        }
    }

    private func outcome(
        of command: Camera.Command, on camera: CameraID, _ metadata: EventMetadata, _ check: Check
    ) async -> Outcome {
        do {
            try await check(camera)
            let handled = try await commands.control(camera, by: command, metadata: metadata)
            guard let position = handled.position else { return .unchanged(version: handled.folded.version) }
            return .done(version: handled.folded.version, position: position)
        } catch {
            return .refused(error)
        }
    }
}
