import Counting
import Testing

/// A sentence about a camera: given what happened, when a command comes, then this happens.
struct Scenario {
    private let history: [Camera.Event]

    fileprivate init(_ history: [Camera.Event]) { self.history = history }

    var state: Camera.State { history.reduce(Camera.initial, Camera.evolve) }

    func when(_ command: Camera.Command) -> Outcome {
        do throws(Camera.Rejection) {
            return Outcome(result: .success(try Camera.decide(command, state)))
        } catch {
            return Outcome(result: .failure(error))
        }
    }

    struct Outcome {
        fileprivate let result: Result<[Camera.Event], Camera.Rejection>

        func then(_ events: Camera.Event..., sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(result == .success(events), sourceLocation: sourceLocation)
        }

        static func == (outcome: Outcome, events: [Camera.Event]) -> Bool { outcome.result == .success(events) }

        func thenNothing(sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(result == .success([]), sourceLocation: sourceLocation)
        }

        func thenRejected(_ rejection: Camera.Rejection, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(result == .failure(rejection), sourceLocation: sourceLocation)
        }
    }
}

func given(_ history: Camera.Event...) -> Scenario { Scenario(history) }
func given(_ history: [Camera.Event]) -> Scenario { Scenario(history) }
