import HTTPTypes
import Hummingbird

extension HTTPField.Name {
    static let causation = HTTPField.Name("Footfall-Causation")
}

/// What a command follows from: the position of the event that moved its sender to it, in the header
/// `Footfall-Causation`. What it appends is stored with it, so that the trail can be followed from cause to effect.
enum Causation {
    /// nil where the request names none.
    static func position(_ request: Request) throws(Problem) -> Int64? {
        guard let name = HTTPField.Name.causation else { return nil }
        let values = request.headers[values: name]
        guard let value = values.first else { return nil }
        guard values.count == 1, let position = Int64(value), position > 0, String(position) == value else {
            throw Problem(.malformedHeader, "Footfall-Causation is the position of an event.")
        }
        return position
    }

    /// Nothing follows from what has not happened: anyone who named a position to come would join what others will do
    /// there.
    static let ahead = Problem.validationFailed([
        Fault(at: .header("Footfall-Causation"), "out_of_range", "The log does not reach this position yet.")
    ])
}
