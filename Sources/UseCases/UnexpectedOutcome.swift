import EventSourcing

/// The log answered an append with what that append cannot come to: a fault of the program.
package struct UnexpectedOutcome: Error, CustomStringConvertible {
    private let outcome: AppendOutcome?

    init(_ outcome: AppendOutcome?) { self.outcome = outcome }

    package var description: String { "the log answered \(outcome.map { "\($0)" } ?? "nothing")" }
}
