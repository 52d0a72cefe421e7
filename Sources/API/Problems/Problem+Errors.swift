import Hummingbird
import NIOCore

extension Problem {
    /// What an inner error means to the user: what it says itself (`ProblemConvertible`), else nothing but that the log
    /// says why.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as any ProblemConvertible: self = error.problem
        case let error as HTTPError where error.status == .notFound:
            self.init(.routeNotFound, "No route leads here; see the list of routes in the documentation.")
        case is NIOTooManyBytesError: self = .bodyTooLarge(maximum: Request.maximumBodyBytes)
        default: self = .internalError
        }
    }

    static let requestUnderWay = Problem.passing(
        .requestUnderWay, "The first request under this Idempotency-Key has not ended yet; send the same again.")

    static let internalError = Problem(.internalError, "The request could not be served; the log says why.")
}
