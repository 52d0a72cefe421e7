import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import Postgres
import UseCases

/// Corrects what was counted, by an event in the camera's telemetry stream: a correction is about what the camera
/// reported, ends with it, and leaves the camera's own version, which operators edit against, alone.
///
/// It is decided on what the log itself says was counted, and appended only where nothing was reported since; so two
/// corrections at the same time never take off more than there is.
struct CountCorrections: Sendable {
    private static let maximumAttempts = 20

    private let log: any EventLog
    private let handler: CommandHandler<Camera>
    private let events: CountedEvents
    private let now: @Sendable () -> Timestamp

    init(backend: Backend, handler: CommandHandler<Camera>) {
        log = backend.log
        self.handler = handler
        events = CountedEvents(pool: backend.readModels.pool)
        now = backend.now
    }

    @Sendable func correct(_ request: Request, _ context: APIContext) async throws -> Response {
        let isDryRun = try Query.command(request) { $0.value("dry_run", default: false, QueryRule.flag) }
        let given = try CountCorrectionForm(try await request.json(), now: now())
        let id = try context.cameraID
        let (form, isKnown) = try await settled(given, of: id)
        if case .appended(let appended)? = context.claim?.done?.outcomes.first {
            let counted = try await counted(form, of: id, upTo: appended.positions.lowerBound - 1)
            return answer(
                try form.correction(of: id, totals: counted.totals), over: counted,
                position: appended.positions.upperBound)
        }
        for _ in 0..<Self.maximumAttempts {
            let counted = try await counted(form, of: id)
            if !isKnown, counted.buckets.isEmpty, let line = form.line {
                throw Problem.validationFailed([Fault(at: .pointer("/line"), ReportedLines.unknown(line))])
            }
            let correction = try form.correction(of: id, totals: counted.totals)
            if isDryRun { return answer(correction, over: counted, position: nil) }
            let append = Append(
                to: id.telemetryStream, expecting: .exact(counted.version), events: [correction.event],
                metadata: context.eventMetadata)
            switch try await log.append(append) {
            case .appended(let appended):
                return answer(correction, over: counted, position: appended.positions.upperBound)
            case .conflict, .duplicate: continue
            case .closed: throw Problem(Camera.Rejection.removed)
            case .missing: throw Problem(Camera.Rejection.unknown)
            }
        }
        throw Problem.passing(.contended, "Too much was reported at the same time and nothing was changed; try again.")
    }

    /// The correction with the line that is meant, and whether the camera has it or had it. What was counted at another,
    /// by an earlier release, can still be corrected.
    private func settled(
        _ form: CountCorrectionForm, of id: CameraID
    ) async throws -> (form: CountCorrectionForm, isKnown: Bool) {
        guard case .registered(let camera) = try await handler.load(id.stream).state else { return (form, true) }
        let settled = form.settled(for: camera)
        return (settled, settled.line.map(camera.everHad) ?? true)
    }

    /// What the log says of the range, at one version of the telemetry stream.
    private struct Counted {
        /// Each way: what was measured, and what corrections add to it.
        struct Counts {
            var count: (in: Int64, out: Int64) = (0, 0)
            var correction: (in: Int64, out: Int64) = (0, 0)
        }

        let version: Int64
        let buckets: [Timestamp: Counts]

        var totals: [Timestamp: (in: Int64, out: Int64)] {
            buckets.mapValues { ($0.count.in + $0.correction.in, $0.count.out + $0.correction.out) }
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

    /// - Parameter position: what was recorded after it does not count.
    private func counted(
        _ form: CountCorrectionForm, of id: CameraID, upTo position: Int64 = .max
    ) async throws -> Counted {
        let selection = CountedEvents.Selection(
            cameraID: id, from: form.range.from, to: form.range.to, line: form.line?.text ?? CountedEvents.wholePicture,
            objectClass: form.objectClass.text)
        guard let row = try await events.row(Self.sql, of: selection, [.integer(position)]), !row.isNull(1) else {
            throw Problem(Camera.Rejection.unknown)
        }
        if try row.bool(2) { throw Problem(Camera.Rejection.removed) }
        var buckets: [Timestamp: Counted.Counts] = [:]
        if !row.isNull(3) {
            let columns = try (3...7).map { try row.integers($0).map { $0 ?? 0 } }
            for index in columns[0].indices {
                buckets[Timestamp(microseconds: columns[0][index])] = Counted.Counts(
                    count: (columns[1][index], columns[2][index]), correction: (columns[3][index], columns[4][index]))
            }
        }
        return Counted(version: try row.integer(1), buckets: buckets)
    }

    private func answer(_ correction: CountCorrection, over counted: Counted, position: Int64?) -> Response {
        let body: JSON = [
            "dry_run": .bool(position == nil),
            "position": position.map(JSON.integer) ?? .null,
            "from": .string(correction.range.from.rfc3339),
            "to": .string(correction.range.to.rfc3339),
            "line": correction.line.map { .string($0.text) } ?? .null,
            "class": .string(correction.objectClass.text),
            "delta_in": .integer(correction.delta.countIn),
            "delta_out": .integer(correction.delta.countOut),
            "reason": .string(correction.reason.text),
            "buckets": .array(
                correction.shares.map { share in
                    let before = counted.buckets[share.start] ?? Counted.Counts()
                    var after = before
                    after.correction.in += share.delta.countIn
                    after.correction.out += share.delta.countOut
                    return [
                        "bucket_start": .string(share.start.rfc3339),
                        "bucket_end": .string((share.start + QuarterHours.length).rfc3339),
                        "before": Self.json(before),
                        "after": Self.json(after),
                    ]
                }),
        ]
        return .json(body.bytes, status: position == nil ? .ok : .created, position: position)
    }

    private static func json(_ counts: Counted.Counts) -> JSON {
        [
            "count_in": .integer(counts.count.in),
            "count_out": .integer(counts.count.out),
            "correction_in": .integer(counts.correction.in),
            "correction_out": .integer(counts.correction.out),
            "corrected_in": .integer(counts.count.in + counts.correction.in),
            "corrected_out": .integer(counts.count.out + counts.correction.out),
        ]
    }
}
