import EventSourcing

extension CommandError: ProblemConvertible where Rejection: RejectionProblems {
    var problem: Problem {
        switch self {
        case .rejected(let rejection): rejection.problem
        case .stale(let actual): Rejection.stale(actual: actual)
        case .closed: Rejection.closed
        case .contended: Rejection.contended
        case .unreadable(let error): error.problem
        case .log(let error): error.problem
        case .unread(let error): Problem(error)
        }
    }
}
