import Access
import Counting
import EventSourcing

extension ProblemCode {
    /// A problem of this code as it may come, for the documentation. Facts to act on that come with it are in it.
    var example: Problem {
        switch self {
        case .malformedJSON:
            Problem(
                self, "Line 1, column 12: expected ':' after a member's name.", members: ["line": 1, "column": 12])
        case .malformedHeader: Problem(self, "X-Request-ID has 1 to 128 visible ASCII characters.")
        case .methodNotAllowed: Problem(self, "Allowed here: GET, HEAD, POST.", headers: [.allow: "GET, HEAD, POST"])
        case .statusTransitionNotAllowed:
            Problem(Camera.Rejection.transitionNotAllowed(from: .maintenance, to: .online))
        case .cameraNotYetRegistered:
            Problem(
                self, "The camera was registered at 2026-03-29T00:30:00Z, at position 17.",
                members: ["registered_at": "2026-03-29T00:30:00Z", "position": 17])
        case .staleVersion:
            Problem(
                self, "The camera now has version 3.",
                members: [
                    "actual_version": 3,
                    "changes": [
                        [
                            "version": 3, "type": "CameraDescribed", "actor": "ana",
                            "recorded_at": "2026-03-29T00:30:00Z",
                        ]
                    ],
                ])
        case .validationFailed:
            .validationFailed([
                Fault(at: .pointer("/lines/0/to"), "out_of_range", "A point's coordinates lie between 0 and 1."),
                Fault(at: .parameter("limit"), "out_of_range", "This is an integer from 1 to 100."),
            ])
        case .countBelowZero:
            Problem(
                self, "No count goes below zero: 1 in and 3 out is what there is.",
                members: ["corrected_in": 1, "corrected_out": 3])
        case .readModelBehind:
            .passing(
                self, "Position 912 was asked for and position 907 is reached; try again.", members: ["position": 907])
        case .unauthenticated: Problem(TokenFailure.expired)
        case .forbidden: .forbidden("This takes the permission camera:write.", lacking: .write)
        case .identityUnavailable: Problem(TokenFailure.unavailable(retryAfter: .seconds(2)))
        case .requestUnderWay: .requestUnderWay
        case .rateLimited:
            Problem(self, "At most 100 requests in 60 seconds.", headers: [.retryAfter: "1"])
        case .contended, .overloaded, .databaseUnavailable: .passing(self, "Nothing was changed; try again.")
        case .notReady:
            .passing(self, "Missing: hourly_counts.", members: ["missing": ["hourly_counts"]])
        default: Problem(self, "\(title).")
        }
    }
}
