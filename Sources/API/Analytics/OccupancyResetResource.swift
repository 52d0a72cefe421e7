import Counting
import EventSourcing
import Hummingbird
import UseCases

/// Takes in how many are inside.
struct OccupancyResetResource: Sendable {
    let resets: OccupancyResets
    let now: @Sendable () -> Timestamp

    /// The body may be left out: nobody is inside, as of the quarter hour that is running.
    @Sendable func reset(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        let id = try context.cameraID
        let reset = try Self.read(try await request.optionalJSON() ?? [:], of: id, now: now())
        let position = try await resets.record(reset, metadata: context.eventMetadata)
        let answer: JSON = [
            "camera_id": .integer(id.number), "at": .string(reset.instant.rfc3339),
            "occupancy": .integer(reset.occupancy.count), "reason": reset.reason.map { .string($0.text) } ?? .null,
        ]
        return .json(answer.bytes, status: .created, position: position)
    }

    private static func read(_ json: JSON, of id: CameraID, now: Timestamp) throws(Problem) -> OccupancyReset {
        try Form.read(json) { form in
            let instant = form.optional(
                "at",
                .instant { (instant: Timestamp) throws(InvalidValue) in
                    guard instant <= now else { throw InvalidValue(.inFuture, "A reset is not in the future.") }
                    return instant
                })
            let occupancy = form.optional("occupancy", .integer { (count) throws(InvalidValue) in try Tally(count) })
            let reason = form.optional("reason", .text(Reason.self))
            let present = form.make { try (instant.get(), occupancy.get(), reason.get()) }
            return form.make(at: "at") {
                let (instant, occupancy, reason) = try present.get()
                return try OccupancyReset(
                    cameraID: id, at: instant ?? now.startOfQuarterHour, occupancy: try occupancy ?? Tally(0),
                    reason: reason)
            }
        }
    }
}
