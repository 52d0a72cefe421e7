import Counting
import EventSourcing
import Hummingbird

/// Which version of a camera a command is for: its `If-Match` header.
struct Precondition {
    private let tags: EntityTags?

    /// - Parameter isRequired: whether a request without the header is refused.
    init(_ request: Request, isRequired: Bool) throws(Problem) {
        tags = try EntityTags(.ifMatch, of: request)
        guard tags != nil || !isRequired else {
            throw Problem(
                .preconditionRequired,
                "Give the version that you have seen in If-Match, as the ETag showed it, or * for whichever there is.")
        }
    }

    /// Demands one version.
    init(version: Int64) { tags = .tags([EntityTags.Tag(isWeak: false, text: String(version))]) }

    /// Whether any version will do.
    var isAny: Bool { tags == nil || tags == .any }

    /// The version to demand of the stream; nil where any will do. One that no camera has fails as stale.
    func version(
        of id: CameraID, _ handler: CommandHandler<Camera>
    ) async throws(CommandError<Camera.Rejection>) -> Int64? {
        guard let tags, tags != .any else { return nil }
        let versions = tags.strongVersions
        if versions.count < 2 { return versions.first ?? -1 }
        let actual = try await handler.load(id.stream).version
        return versions.contains(actual) ? actual : -1
    }

    /// The problem of a command that came too late: with what has changed since, the newest last.
    func stale(_ id: CameraID, actual: Int64, in log: any EventLog) async throws -> Problem {
        var problem = Problem(CommandError<Camera.Rejection>.stale(actual: actual))
        guard let given = tags?.strongVersions.filter({ $0 < actual }).max() else {
            problem.members["changes"] = []
            return problem
        }
        let events = try await log.read(
            id.stream, after: max(given, actual - Int64(Self.maximumChanges)), limit: Self.maximumChanges)
        problem.members["changes"] = .array(
            events.map { event in
                let metadata = (try? JSON.parse(event.metadata)).map(EventMetadata.init)  // unreadable: nobody is named
                return [
                    "version": .integer(event.version),
                    "type": .string(event.type),
                    "actor": metadata?.actor.map(JSON.string) ?? .null,
                    "recorded_at": .string(event.recordedAt.rfc3339),
                ]
            })
        return problem
    }

    private static let maximumChanges = 50
}
