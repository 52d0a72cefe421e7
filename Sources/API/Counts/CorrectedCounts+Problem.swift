import Counting
import EventSourcing
import UseCases

extension CorrectedCounts.Rejection: RejectionProblems {
    var problem: Problem {
        switch self {
        case .camera(let rejection): rejection.problem
        case .unknownLine(let line):
            .validationFailed([Fault(at: .pointer("/line"), ReportedLines.unknown(line))])
        case .belowZero(let totalIn, let totalOut):
            Problem(
                .countBelowZero, "No count goes below zero: \(totalIn) in and \(totalOut) out is what there is.",
                members: ["corrected_in": .integer(totalIn), "corrected_out": .integer(totalOut)])
        }
    }

    static func stale(actual: Int64) -> Problem { contended }

    static var closed: Problem { Camera.Rejection.closed }

    static var contended: Problem {
        .passing(.contended, "Too much was reported at the same time and nothing was changed; retry.")
    }
}
