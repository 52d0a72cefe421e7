import Counting
import EventSourcing

/// What a camera counted at one line in one class over a range, as far as it is corrected: at one version of its telemetry.
package struct CorrectedCounts: Hashable, Sendable {
    /// Each way: what was measured, and what corrections add to it.
    package struct Counts: Hashable, Sendable {
        package var countIn: Int64 = 0
        package var countOut: Int64 = 0
        package var correctionIn: Int64 = 0
        package var correctionOut: Int64 = 0

        package init() {}

        init(countIn: Int64, countOut: Int64, correctionIn: Int64, correctionOut: Int64) {
            self.countIn = countIn
            self.countOut = countOut
            self.correctionIn = correctionIn
            self.correctionOut = correctionOut
        }

        package func corrected(by delta: CountDelta) -> Counts {
            var counts = self
            counts.correctionIn += delta.countIn
            counts.correctionOut += delta.countOut
            return counts
        }
    }

    /// By the first instant of the quarter hour; those without any are left out.
    package internal(set) var buckets: [Timestamp: Counts] = [:]
    /// What is made of the buckets; nil before it is decided.
    package private(set) var correction: CountCorrection?

    var totals: [Timestamp: (in: Int64, out: Int64)] {
        buckets.mapValues { ($0.countIn + $0.correctionIn, $0.countOut + $0.correctionOut) }
    }
}

extension CorrectedCounts: Decider {
    package struct State: Hashable, Sendable {
        /// Why nothing can be corrected: there is no such camera.
        var missing: Camera.Rejection?
        package internal(set) var counts = CorrectedCounts()
    }

    package struct Command: Hashable, Sendable {
        let cameraID: CameraID
        let draft: CorrectionDraft
        /// Whether the camera has the line, or had it. What was counted at another, by an earlier release, can still be
        /// corrected.
        let isLineKnown: Bool
    }

    package enum Rejection: Error, Hashable, Sendable {
        case camera(Camera.Rejection)
        /// The camera never had this line, and nothing was counted there.
        case unknownLine(LineName)
        /// More would be taken off than there is in the whole range.
        case belowZero(totalIn: Int64, totalOut: Int64)
    }

    package static let initial = State()

    package static func decide(_ command: Command, _ state: State) throws(Rejection) -> [CountCorrection] {
        if let missing = state.missing { throw .camera(missing) }
        let draft = command.draft
        if !command.isLineKnown, state.counts.buckets.isEmpty, let line = draft.line { throw .unknownLine(line) }
        do throws(CountCorrection.Rejection) {
            return [
                try CountCorrection(
                    cameraID: command.cameraID, range: draft.range, line: draft.line, objectClass: draft.objectClass,
                    delta: draft.delta, reason: draft.reason, totals: state.counts.totals)
            ]
        } catch {
            switch error {
            case .belowZero(let totalIn, let totalOut): throw .belowZero(totalIn: totalIn, totalOut: totalOut)
            }
        }
    }

    /// The buckets stay as they were before the correction, which says itself what it adds to them.
    package static func evolve(_ state: State, _ correction: CountCorrection) -> State {
        var state = state
        state.counts.correction = correction
        return state
    }

    package static func encode(_ correction: CountCorrection) -> NewEvent { correction.event }

    package static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> CountCorrection {
        try CountCorrection(event)
    }
}
