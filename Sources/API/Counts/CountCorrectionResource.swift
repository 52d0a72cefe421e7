import Counting
import EventSourcing
import HTTPTypes
import Hummingbird
import UseCases

/// Corrections of what was counted.
struct CountCorrectionResource: Sendable {
    let corrections: CountCorrections
    let now: @Sendable () -> Timestamp

    @Sendable func correct(_ request: Request, _ context: APIContext) async throws -> Response {
        let isDryRun = try Query.command(request) { $0.value("dry_run", default: false, QueryRule.flag) }
        let draft = try CountCorrectionForm.read(try await request.json(), now: now())
        let id = try context.cameraID
        if isDryRun { return try answer(try await corrections.preview(draft, of: id), position: nil) }
        let (counts, position) = try await corrections.correct(draft, of: id, metadata: context.eventMetadata)
        return try answer(counts, position: position)
    }

    private func answer(_ counts: CorrectedCounts, position: Int64?) throws(Problem) -> Response {
        guard let correction = counts.correction else { throw .internalError }
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
                    let before = counts.buckets[share.start] ?? CorrectedCounts.Counts()
                    return [
                        "bucket_start": .string(share.start.rfc3339),
                        "bucket_end": .string((share.start + QuarterHours.length).rfc3339),
                        "before": before.json,
                        "after": before.corrected(by: share.delta).json,
                    ]
                }),
        ]
        return .json(body.bytes, status: position == nil ? .ok : .created, position: position)
    }
}

extension CorrectedCounts.Counts {
    fileprivate var json: JSON {
        [
            "count_in": .integer(countIn),
            "count_out": .integer(countOut),
            "correction_in": .integer(correctionIn),
            "correction_out": .integer(correctionOut),
            "corrected_in": .integer(countIn + correctionIn),
            "corrected_out": .integer(countOut + correctionOut),
        ]
    }
}
