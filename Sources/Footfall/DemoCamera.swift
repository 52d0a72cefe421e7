import API
import Counting
import EventSourcing
import Foundation
import Installation
import Postgres
import Projector
import ServiceLifecycle

/// A camera that counts people in a clip that runs again and again, so that there is something to see.
/// Made once per database, and found again by its metadata.
struct DemoCamera: Service {
    let clip: URL
    let log: any EventLog
    let pool: Pool
    let checkpoints: Checkpoints
    /// Where this machine reaches the API, but for the port: `http://127.0.0.1`.
    let origin: String
    /// Says, once, on which port the API listens.
    let ports: AsyncStream<Int>
    /// The data directory whose key signs tokens; nil where the API asks for none.
    let tokenFolder: URL?

    /// The clip that tools/setup fetches.
    static func findClip(_ files: ReleaseFiles) throws(StartFailure) -> URL {
        let clip = files.root.appending(path: ".cache/opencv-doc/vtest.avi")
        guard FileManager.default.fileExists(atPath: clip.path) else {
            throw StartFailure("the demo's clip \(clip.path) is not there; tools/setup fetches it")
        }
        return clip
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            for await port in ports {
                let head = try await log.head()
                while await !checkpoints.wait(for: ["camera_state"], toReach: head, timeout: .seconds(60)) {
                    if Task.isCancelled { return }
                }
                let found = try await find()
                let id = if let found { found } else { try await register() }
                announce("Demo:     camera \(id) counts people in \(clip.lastPathComponent)")
                announce("          Its counts grow, from about 20 seconds on:")
                if let tokenFolder {
                    announce("          TOKEN=$(\(Self.tool) token --role operator --data-dir '\(tokenFolder.path)')")
                }
                // By standard input: arguments are shown to every user of the machine.
                let (option, input) =
                    tokenFolder == nil ? ("", "") : ("-H @- ", " <<< \"Authorization: Bearer $TOKEN\"")
                announce("          curl \(option)'\(origin):\(port)/api/v1/cameras/\(id)/counts?bucket=15m'\(input)")
            }
        }
    }

    /// footfallctl, beside this program.
    private static var tool: String {
        let folder = ReleaseFiles.runningExecutable?.deletingLastPathComponent()
        return folder.map { "'\($0.appending(path: "footfallctl").path)'" } ?? "footfallctl"
    }

    /// The demo camera of an earlier run; shown the clip where that lies now.
    private func find() async throws -> CameraID? {
        guard let id = try await registered() else { return nil }
        let handler = CommandHandler<Camera>(log: log)
        if case .registered(let camera) = try await handler.load(id.stream).state,
            try camera.configuration.address != configuration().address
        {
            _ = try await handler.handle(.configure(configuration()), on: id.stream, metadata: Self.metadata)
        }
        return id
    }

    private static let metadata = EventMetadata(actor: "footfall up --demo")

    private func registered() async throws -> CameraID? {
        let rows = try await pool.query(
            """
            select camera_id
            from read.camera_state
            where metadata::jsonb @> '{"demo": true}' and not removed
            order by camera_id
            limit 1
            """)
        return try rows.first.map { try CameraID($0.integer("camera_id")) }
    }

    private func register() async throws -> CameraID {
        let id = try await Backend.cameraIDs(from: pool)()
        var description = try CameraDescription(name: CameraName("Demo"))
        description.location = try Location("A campus path")
        description.metadata = try FreeformObject(["demo": true])
        description.settings.loop = true
        let handler = CommandHandler<Camera>(log: log)
        _ = try await handler.handle(
            .register(id, description, try configuration()), on: id.stream, metadata: Self.metadata)
        _ = try await handler.handle(.start(worker: nil), on: id.stream, metadata: Self.metadata)
        return id
    }

    /// A line across the path, from (180, 195) to (180, 290) in the clip's 768 × 576 pixels; its left side is inside.
    private func configuration() throws -> CameraConfiguration {
        let line = try Line(
            name: LineName("path"), from: Point(x: 180 / 768, y: 195 / 576), to: Point(x: 180 / 768, y: 290 / 576),
            inside: Point(x: 0.1, y: 240 / 576))
        return try CameraConfiguration(
            address: StreamAddress(clip.absoluteString, type: .file), lines: Lines([line]))
    }
}
