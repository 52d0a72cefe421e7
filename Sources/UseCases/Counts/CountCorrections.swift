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

    private static let sql = """
        with upto as materialized (
          select least(position, $7::bigint) as position from log_head
        ),
        \(CountedEvents.sources)
        select
          \(CountedEvents.isArchived),
          (select version from streams where name = $1),
          (select closed from streams where name = $1),
          (select array_agg((extract(epoch from bucket_start) * 1000000)::bigint order by bucket_start) from explained),
          (select array_agg(count_in order by bucket_start) from explained),
          (select array_agg(count_out order by bucket_start) from explained),
          (select array_agg(correction_in order by bucket_start) from explained),
          (select array_agg(correction_out order by bucket_start) from explained)
        where $2::bigint is not null
        """

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
        guard let row = try await events.row(Self.sql, of: selection, [.integer(position ?? .max)]), !row.isNull(1)
        else {
            folded.state.missing = .unknown
            return folded
        }
        if try row.bool(2) { folded.state.missing = .removed }
        folded.version = try row.integer(1)
        guard !row.isNull(3) else { return folded }
        let columns = try (3...7).map { try row.integers($0).map { $0 ?? 0 } }
        for index in columns[0].indices {
            folded.state.counts.buckets[Timestamp(microseconds: columns[0][index])] = CorrectedCounts.Counts(
                countIn: columns[1][index], countOut: columns[2][index], correctionIn: columns[3][index],
                correctionOut: columns[4][index])
        }
        return folded
    }
}
