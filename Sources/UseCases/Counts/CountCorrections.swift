import Counting
import EventSourcing
import Postgres

/// Corrects what was counted, by an event in the camera's telemetry stream: a correction is about what the camera
/// reported, ends with it, and leaves the camera's own version, which operators edit against, alone.
///
/// It is decided on what the log itself says was counted, and appended only where nothing was reported since; so two
/// corrections at the same time never take off more than there is.
package struct CountCorrections: Sendable {
    private static let maximumAttempts = 20

    private let log: any EventLog
    private let cameras: CommandHandler<Camera>
    private let events: CountedEvents

    package init(log: any EventLog, cameras: CommandHandler<Camera>, pool: Pool) {
        self.log = log
        self.cameras = cameras
        events = CountedEvents(pool: pool)
    }

    /// - Returns: what was counted, with the correction, and where that is recorded.
    package func correct(
        _ draft: CorrectionDraft, of id: CameraID, metadata: EventMetadata
    ) async throws -> (counts: CorrectedCounts, position: Int64) {
        let command = try await command(draft, of: id)
        let handled = try await handler(of: command).handle(command, on: id.telemetryStream, metadata: metadata)
        guard let position = handled.position else { throw UnexpectedOutcome(nil) }  // a correction changes something
        return (handled.folded.state.counts, position)
    }

    /// What a correction would come to now. Nothing is recorded.
    package func preview(_ draft: CorrectionDraft, of id: CameraID) async throws -> CorrectedCounts {
        let command = try await command(draft, of: id)
        let state = try await counted(command, upTo: nil).state
        do throws(CorrectedCounts.Rejection) {
            return try CorrectedCounts.decide(command, state).reduce(state, CorrectedCounts.evolve).counts
        } catch {
            throw CommandError.rejected(error)
        }
    }

    /// The correction with the line that is meant where none is named.
    private func command(_ draft: CorrectionDraft, of id: CameraID) async throws -> CorrectedCounts.Command {
        guard case .registered(let camera) = try await cameras.load(id.stream).state else {
            return CorrectedCounts.Command(cameraID: id, draft: draft, isLineKnown: true)
        }
        let line = draft.line ?? camera.defaultLine
        let settled = CorrectionDraft(
            range: draft.range, line: line, objectClass: draft.objectClass, delta: draft.delta, reason: draft.reason)
        return CorrectedCounts.Command(
            cameraID: id, draft: settled, isLineKnown: line.map(camera.everHad) ?? true)
    }

    private func handler(of command: CorrectedCounts.Command) -> CommandHandler<CorrectedCounts> {
        CommandHandler(log: log, maximumAttempts: Self.maximumAttempts) { position in
            try await counted(command, upTo: position)
        }
    }

    static let query = SQLQuery(
        "counts_to_correct",
        """
        with upto as materialized (
          select least(position, :position::bigint) as position from log_head
        ),
        \(CountedEvents.sources)
        select
          \(CountedEvents.isArchived) as is_archived,
          (select version from streams where name = :stream) as version,
          (select closed from streams where name = :stream) as closed,
          (select array_agg((extract(epoch from bucket_start) * 1000000)::bigint order by bucket_start) from explained) as buckets,
          (select array_agg(count_in order by bucket_start) from explained) as count_in,
          (select array_agg(count_out order by bucket_start) from explained) as count_out,
          (select array_agg(correction_in order by bucket_start) from explained) as correction_in,
          (select array_agg(correction_out order by bucket_start) from explained) as correction_out
        """, parameters: CountedEvents.parameters + [("position", .integer)],
        columns: [
            "is_archived": .bool, "version": .integer, "closed": .bool, "buckets": .integers, "count_in": .integers,
            "count_out": .integers, "correction_in": .integers, "correction_out": .integers,
        ])

    /// What the log says of the range, at one version of the telemetry stream.
    /// - Parameter position: what was recorded after it does not count.
    private func counted(
        _ command: CorrectedCounts.Command, upTo position: Int64?
    ) async throws -> Folded<CorrectedCounts.State> {
        let draft = command.draft
        let selection = CountedEvents.Selection(
            cameraID: command.cameraID, from: draft.range.from, to: draft.range.to,
            line: draft.line?.text ?? CountedEvents.wholePicture, objectClass: draft.objectClass.text)
        var folded = Folded(CorrectedCounts.initial)
        guard
            let row = try await events.row(
                Self.query, of: selection, [("position", .integer(position ?? .max))]),
            let version = try row.optionalInteger("version")
        else {
            folded.state.missing = .unknown
            return folded
        }
        if try row.bool("closed") { folded.state.missing = .removed }
        folded.version = version
        guard try !row.isNull("buckets") else { return folded }
        func numbers(_ column: String) throws -> [Int64] { try row.integers(column).map { $0 ?? 0 } }
        let (countIn, countOut) = (try numbers("count_in"), try numbers("count_out"))
        let (correctionIn, correctionOut) = (try numbers("correction_in"), try numbers("correction_out"))
        for (index, start) in try numbers("buckets").enumerated() {
            folded.state.counts.buckets[Timestamp(microseconds: start)] = CorrectedCounts.Counts(
                countIn: countIn[index], countOut: countOut[index], correctionIn: correctionIn[index],
                correctionOut: correctionOut[index])
        }
        return folded
    }
}
