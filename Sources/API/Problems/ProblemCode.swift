import Hummingbird

/// Everything that can be wrong with a request or with answering it: the catalogue. The names are stable: programs
/// switch on them.
package enum ProblemCode: String, CaseIterable, Sendable {
    case malformedJSON = "malformed_json"
    case malformedHeader = "malformed_header"
    case malformedRequest = "malformed_request"
    case requestTimeout = "request_timeout"
    case addressTooLong = "address_too_long"
    case headersTooLarge = "headers_too_large"
    case expectationFailed = "expectation_failed"
    case unauthenticated
    case forbidden
    case routeNotFound = "route_not_found"
    case cameraNotFound = "camera_not_found"
    case cameraNotYetRegistered = "camera_not_yet_registered"
    case workerNotFound = "worker_not_found"
    case eventNotFound = "event_not_found"
    case checkpointNotFound = "checkpoint_not_found"
    case tileNotFound = "tile_not_found"
    case frameDataNotFound = "frame_data_not_found"
    case projectionNotFound = "projection_not_found"
    case methodNotAllowed = "method_not_allowed"
    case cameraAlreadyRegistered = "camera_already_registered"
    case cameraInMaintenance = "camera_in_maintenance"
    case cameraNotAssigned = "camera_not_assigned"
    case notARecording = "not_a_recording"
    case statusTransitionNotAllowed = "status_transition_not_allowed"
    case unreadableHistory = "unreadable_history"
    case rebuildUnderWay = "rebuild_under_way"
    case requestUnderWay = "request_under_way"
    case sequenceConflict = "sequence_conflict"
    case recordingEndsAhead = "recording_ends_ahead"
    case cameraRemoved = "camera_removed"
    case cameraErased = "camera_erased"
    case staleVersion = "stale_version"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case validationFailed = "validation_failed"
    case idempotencyKeyReused = "idempotency_key_reused"
    case tooManyRows = "too_many_rows"
    case countBelowZero = "count_below_zero"
    case preconditionRequired = "precondition_required"
    case rateLimited = "rate_limited"
    case internalError = "internal_error"
    case contended
    case overloaded
    case identityUnavailable = "identity_unavailable"
    case databaseUnavailable = "database_unavailable"
    case outcomeUnknown = "outcome_unknown"
    case readModelBehind = "read_model_behind"
    case notReady = "not_ready"
    case probeUnavailable = "probe_unavailable"
    case tooManyProbes = "too_many_probes"

    package var status: HTTPResponse.Status { facts.status }
    package var title: String { facts.title }
    /// What it means and what to do, for the page that a problem's `type` names.
    package var explanation: String { facts.explanation }

    private struct Facts {
        let status: HTTPResponse.Status
        let title: String
        let explanation: String

        init(_ status: HTTPResponse.Status, _ title: String, _ explanation: String) {
            self.status = status
            self.title = title
            self.explanation = explanation
        }
    }

    private var facts: Facts {
        switch self {
        case .probeUnavailable:
            Facts(
                .serviceUnavailable, "This server cannot look at streams",
                "Looking at a stream takes the program footfall-worker beside the one that serves the API. Install it "
                    + "there, or ask another server.")
        case .tooManyProbes:
            Facts(
                .serviceUnavailable, "Too many streams are being looked at",
                "Only a few streams are looked at at a time. Try again after Retry-After seconds.")
        case .malformedJSON:
            Facts(
                .badRequest, "The body is not JSON",
                "The body cannot be read as JSON (RFC 8259); line and column say where. Nothing was done.")
        case .malformedHeader:
            Facts(
                .badRequest, "A header is malformed",
                "A header that this request is read by has a form that it cannot have; detail says which. Nothing was "
                    + "done.")
        case .malformedRequest:
            Facts(
                .badRequest, "The request is not HTTP",
                "What was sent breaks the rules of HTTP (RFC 9112), or ends within a request. Nothing was done, and the "
                    + "connection was closed.")
        case .requestTimeout:
            Facts(
                .requestTimeout, "The request took too long to come in",
                "Nothing was done, and the connection was closed. Send the same again over a faster connection, or in "
                    + "smaller parts.")
        case .expectationFailed:
            Facts(
                .expectationFailed, "What the request expects is not done",
                "A client may expect 100-continue, which asks it for its body, and nothing else (RFC 9110, section "
                    + "10.1.1). Nothing was done.")
        case .addressTooLong:
            Facts(.uriTooLong, "The address is too long", "Ask for less at a time; detail says how long it may be.")
        case .headersTooLarge:
            Facts(
                .requestHeaderFieldsTooLarge, "The headers are too large",
                "Send fewer or shorter headers, or a shorter address; detail says what there may be. The connection was "
                    + "closed.")
        case .unauthenticated:
            Facts(
                .unauthorized, "The request does not prove who sends it",
                "Send a valid token as Authorization: Bearer …; detail says what is wrong with this one.")
        case .forbidden:
            Facts(
                .forbidden, "The token does not allow this",
                "The token is valid, and does not give the permission that this takes; detail names it.")
        case .routeNotFound:
            Facts(
                .notFound, "There is nothing at this address",
                "No operation has this path. The OpenAPI document at /openapi.json lists them all.")
        case .cameraNotFound:
            Facts(
                .notFound, "There is no such camera",
                "No camera has this id, or the token is not for that camera.")
        case .cameraNotYetRegistered:
            Facts(
                .notFound, "The camera was not there yet",
                "The camera is asked for as it was before it was registered.")
        case .workerNotFound:
            Facts(
                .notFound, "There is no such worker",
                "No camera was ever given to a worker of this name, or the token is for none of those.")
        case .eventNotFound:
            Facts(
                .notFound, "There is no such event",
                "The log has not come to this position, or the event is archived: GET /audit shows it then.")
        case .checkpointNotFound:
            Facts(
                .notFound, "There is no such checkpoint",
                "So many events are not sealed yet, or nothing was signed: GET /audit/checkpoint shows how far the log is."
            )
        case .tileNotFound:
            Facts(
                .notFound, "There is no such tile",
                "The path is not that of a tile (c2sp.org/tlog-tiles), or the tree has not come to it.")
        case .frameDataNotFound:
            Facts(
                .notFound, "There is no frame data",
                "The position is not that of a reading of this camera, or the reading was kept without frame data: send "
                    + "it along, and set keep_frame_data in the camera's settings.")
        case .projectionNotFound:
            Facts(.notFound, "There is no such projection", "GET /projections lists those that there are.")
        case .methodNotAllowed:
            Facts(
                .methodNotAllowed, "The method is not allowed here", "The Allow header lists the methods of this path.")
        case .cameraAlreadyRegistered:
            Facts(.conflict, "The camera is registered already", "A camera has this id already; register another.")
        case .cameraInMaintenance:
            Facts(
                .conflict, "The camera is in maintenance",
                "A camera in maintenance does not start, and only people end it. Set its status to offline first.")
        case .cameraNotAssigned:
            Facts(
                .conflict, "The camera is another worker's",
                "Only what is assigned to a worker is released from it. GET /cameras/{id}/status says whose the camera is."
            )
        case .notARecording:
            Facts(
                .conflict, "The camera counts no recording",
                "Only a file with started_at in the camera's settings is counted again; what is live has passed. Leave "
                    + "recount out.")
        case .statusTransitionNotAllowed:
            Facts(
                .conflict, "The camera's status cannot change this way",
                "Its status leads to those in allowed, and to no other.")
        case .unreadableHistory:
            Facts(
                .conflict, "The camera's history cannot be read",
                "The log holds an event of the camera that this release does not know, as after going back to an earlier "
                    + "release; position, event_type and schema_version say which. Nothing was done. Other cameras are "
                    + "not concerned. Run the release that wrote the event, or a later one: footfallctl verify lists all "
                    + "such events.")
        case .rebuildUnderWay:
            Facts(
                .conflict, "The projection is being rebuilt already",
                "GET /projections shows how far it is. Ask again when it has ended.")
        case .requestUnderWay:
            Facts(
                .conflict, "The same request is still being served",
                "Another request with this Idempotency-Key has not ended. Send the same again after the seconds in "
                    + "Retry-After: it is answered with what the first one came to.")
        case .recordingEndsAhead:
            Facts(
                .conflict, "The recording would end in the future",
                "Its pictures are dated from started_at on, and readings from the future are refused. Set started_at to when "
                    + "the recording was begun; ends_at is when it would end by its length.")
        case .sequenceConflict:
            Facts(
                .conflict, "The sequence stands for another report",
                "Nothing was taken. The source has used this sequence for what stored shows, or has gone on past it without "
                    + "using it. A source's sequences rise for as long as it has this name: a device that begins again "
                    + "with small numbers, after a reboot for instance, does so under a name that it had never before.")
        case .cameraRemoved:
            Facts(
                .gone, "The camera was removed",
                "It takes no commands and no readings any more, and its id is not used again. Its history remains.")
        case .cameraErased:
            Facts(
                .gone, "The camera's key was destroyed",
                "The camera was removed with ?erase=true: what its key protected cannot be read any more, by anybody.")
        case .staleVersion:
            Facts(
                .preconditionFailed, "The camera has changed since",
                "Somebody has changed the camera since the version in If-Match; changes says who and how. Read it again, "
                    + "decide again, and send the version that you have read.")
        case .bodyTooLarge:
            Facts(
                .contentTooLarge, "The body is too large",
                "Split it: readings, for instance, may come in several batches.")
        case .unsupportedMediaType:
            Facts(.unsupportedMediaType, "The body must be JSON", "Send Content-Type: application/json.")
        case .validationFailed:
            Facts(
                .unprocessableContent, "The request breaks rules",
                "Every fault is in errors: pointer (RFC 6901) names the member of the body, parameter that of the "
                    + "address, and code the rule. Nothing was done.")
        case .idempotencyKeyReused:
            Facts(
                .unprocessableContent, "The Idempotency-Key belongs to another request",
                "A key stands for one request for 24 hours: the same method, address and body. Nothing was done. Send "
                    + "another request under a key of its own.")
        case .tooManyRows:
            Facts(
                .unprocessableContent, "The answer would be too long", "Ask for a shorter time or for larger buckets.")
        case .countBelowZero:
            Facts(
                .unprocessableContent, "The correction takes off more than there is",
                "No count goes below zero. Look at what there is, and take off no more.")
        case .preconditionRequired:
            Facts(
                .preconditionRequired, "The request must say which version it changes",
                "Send If-Match with the ETag of the camera as you have read it, or * for whichever there is.")
        case .rateLimited:
            Facts(
                .tooManyRequests, "There were too many requests",
                "Nothing was done. RateLimit-Policy says how many requests (q) may be made in how many seconds (w), and "
                    + "Retry-After in how many seconds the next one may be made.")
        case .internalError:
            Facts(
                .internalServerError, "Something went wrong on the server",
                "The server's log says why, under the request's id (X-Request-ID).")
        case .contended:
            Facts(
                .serviceUnavailable, "Others kept changing the camera", "Nothing was done. Send the same again.")
        case .overloaded:
            Facts(
                .serviceUnavailable, "The server is busy",
                "Nothing was done. Send the same again after the seconds in Retry-After.")
        case .identityUnavailable:
            Facts(
                .serviceUnavailable, "Who sends the request cannot be found out",
                "The token is one that the identity service verifies, or is signed by a key that has to be fetched, and "
                    + "neither can be reached. Nothing was done. Send the same again after the seconds in Retry-After.")
        case .databaseUnavailable:
            Facts(
                .serviceUnavailable, "The database cannot be reached",
                "Nothing was done. Send the same again after the seconds in Retry-After.")
        case .outcomeUnknown:
            Facts(
                .serviceUnavailable, "Whether the change was made is unknown",
                "The connection to the database broke while the change was written. Look whether it is there before "
                    + "sending it again; under an Idempotency-Key, or a source and sequence, it may simply be sent again."
            )
        case .readModelBehind:
            Facts(
                .serviceUnavailable, "The read model is not there yet",
                "It has not come to the position in min_position in time. Send the same again.")
        case .notReady:
            Facts(
                .serviceUnavailable, "The server is not ready",
                "A read model is being built for the first time, or something that the server needs is missing.")
        }
    }
}
