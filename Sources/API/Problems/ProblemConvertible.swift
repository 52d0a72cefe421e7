/// An error that says itself what it means to who sent the request. Each stands beside the resource that it is about.
protocol ProblemConvertible: Error {
    var problem: Problem { get }
}

/// Why an aggregate's commands are not carried out: with what is said of each aggregate in its own words.
protocol RejectionProblems: ProblemConvertible {
    /// The stream has another version than the one that was expected.
    static func stale(actual: Int64) -> Problem
    /// The stream has ended.
    static var closed: Problem { get }
    static var contended: Problem { get }
}

extension RejectionProblems {
    static var contended: Problem { .passing(.contended, "Too many changes came at the same time; retry.") }
}
