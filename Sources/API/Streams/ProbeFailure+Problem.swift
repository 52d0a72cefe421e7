import UseCases

extension ProbeFailure: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .unavailable:
            Problem(.probeUnavailable, "The program footfall-worker is not beside the one that serves the API.")
        case .failed: .internalError
        case .busy: .passing(.tooManyProbes, "Streams are being looked at already; retry.")
        }
    }
}
