import Access
import Counting
import EventSourcing

extension ProblemCode {
    /// A problem of this code as it may come, for the documentation. Facts to act on that come with it are in it. There is
    /// no example for whatever else: a new code is not built without one.
    var example: Problem {
        switch self {
        case .malformedJSON:
            Problem(
                self, "Line 1, column 12: expected ':' after a member's name.", members: ["line": 1, "column": 12])
        case .malformedRequest: .malformedRequest
        case .requestTimeout: .requestTimeout
        case .expectationFailed: Problem(self, "The only expectation that is met is 100-continue.")
        case .addressTooLong:
            Problem(self, "A path with its query has at most \(NetworkPolicy.maximumAddressBytes) bytes.")
        case .headersTooLarge: .headersTooLarge
        case .malformedHeader: Problem(self, "X-Request-ID has 1 to 128 visible ASCII characters.")
        case .routeNotFound:
            Problem(self, "No route leads here; see the list of routes in the documentation.")
        case .cameraNotFound: Problem(Camera.Rejection.unknown)
        case .workerNotFound: Problem(self, "No camera that you may see was given to this worker.")
        case .eventNotFound: Problem(self, "The log holds no event at this position.")
        case .checkpointNotFound: Problem(self, "So many events are not sealed.")
        case .tileNotFound: Problem(self, "The tree has no such tile.")
        case .frameDataNotFound: Problem(self, "No reading of this camera has frame data at this position.")
        case .projectionNotFound: Problem(self, "There is no projection daily_counts.")
        case .methodNotAllowed: Problem(self, "Allowed here: GET, HEAD, POST.", headers: [.allow: "GET, HEAD, POST"])
        case .cameraAlreadyRegistered: Problem(Camera.Rejection.alreadyRegistered)
        case .cameraInMaintenance: Problem(Camera.Rejection.inMaintenance)
        case .cameraNotAssigned: Problem(self, "The camera is not assigned to worker-2.")
        case .unreadableHistory:
            Problem(
                self,
                "The event at position 812, CameraPainted in schema version 1, is not one that this release can read.",
                members: ["position": 812, "event_type": "CameraPainted", "schema_version": 1])
        case .notARecording: Problem(Camera.Rejection.notARecording)
        case .rebuildUnderWay: Problem(self, "A rebuild of hourly_counts is under way or asked for already.")
        case .recordingEndsAhead:
            Problem(
                self, "By its length the recording ends at 2026-03-29T03:30:00Z, which is in the future.",
                members: ["ends_at": "2026-03-29T03:30:00Z"])
        case .sequenceConflict:
            Problem(
                self, "Sequence 7 of gate-1 was used for something else, which stands at position 19.",
                members: [
                    "position": 19,
                    "stored": [
                        "observed_at": "2026-03-29T00:59:59Z", "line": "door", "class": "person", "count_in": 2,
                        "count_out": 0, "type": "CountReadingRecorded", "recorded_at": "2026-03-29T01:00:00.250000Z",
                    ],
                    "source": "gate-1", "sequence": 7,
                ])
        case .cameraRemoved: Problem(Camera.Rejection.removed)
        case .cameraErased: Problem(self, "The key that this was encrypted under was destroyed.")
        case .bodyTooLarge: .bodyTooLarge(maximum: 1 << 20)
        case .unsupportedMediaType: Problem(self, "Content-Type must be application/json.")
        case .idempotencyKeyReused:
            Problem(self, "This Idempotency-Key was used for a request with another address or body.")
        case .tooManyRows: .tooManyRows
        case .preconditionRequired:
            Problem(
                self,
                "Give the version that you have seen in If-Match, as the ETag showed it, or * for whichever there is.")
        case .internalError: .internalError
        case .outcomeUnknown: Problem(EventLogError.unknownOutcome(reason: ""))
        case .probeUnavailable:
            Problem(self, "The program footfall-worker is not beside the one that serves the API.")
        case .tooManyProbes: .passing(self, "Streams are being looked at already; retry.")
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
                self, "Position 912 was asked for and position 907 is reached; retry.", members: ["position": 907])
        case .unauthenticated: Problem(TokenFailure.expired)
        case .forbidden: .forbidden("This takes the permission camera:write.", lacking: .write)
        case .identityUnavailable: Problem(TokenFailure.unavailable(retryAfter: .seconds(2)))
        case .requestUnderWay: .requestUnderWay
        case .rateLimited:
            Problem(self, "At most 100 requests in 60 seconds.", headers: [.retryAfter: "1"])
        case .contended, .overloaded, .databaseUnavailable: .passing(self, "Nothing was changed; retry.")
        case .notReady:
            .passing(self, "Missing: hourly_counts.", members: ["missing": ["hourly_counts"]])
        }
    }
}
