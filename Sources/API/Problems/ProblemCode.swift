import Hummingbird

/// Everything that can be wrong with a request or with answering it. The names are stable: programs switch on them.
package enum ProblemCode: String, CaseIterable, Sendable {
    case malformedJSON = "malformed_json"
    case malformedHeader = "malformed_header"
    case routeNotFound = "route_not_found"
    case cameraNotFound = "camera_not_found"
    case cameraNotYetRegistered = "camera_not_yet_registered"
    case projectionNotFound = "projection_not_found"
    case methodNotAllowed = "method_not_allowed"
    case cameraAlreadyRegistered = "camera_already_registered"
    case cameraInMaintenance = "camera_in_maintenance"
    case statusTransitionNotAllowed = "status_transition_not_allowed"
    case rebuildUnderWay = "rebuild_under_way"
    case cameraRemoved = "camera_removed"
    case staleVersion = "stale_version"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case validationFailed = "validation_failed"
    case tooManyRows = "too_many_rows"
    case countBelowZero = "count_below_zero"
    case preconditionRequired = "precondition_required"
    case internalError = "internal_error"
    case contended
    case overloaded
    case databaseUnavailable = "database_unavailable"
    case outcomeUnknown = "outcome_unknown"
    case readModelBehind = "read_model_behind"
    case notReady = "not_ready"

    package var status: HTTPResponse.Status {
        switch self {
        case .malformedJSON, .malformedHeader: .badRequest
        case .routeNotFound, .cameraNotFound, .cameraNotYetRegistered, .projectionNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .cameraAlreadyRegistered, .cameraInMaintenance, .statusTransitionNotAllowed, .rebuildUnderWay: .conflict
        case .cameraRemoved: .gone
        case .staleVersion: .preconditionFailed
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .validationFailed, .tooManyRows, .countBelowZero: .unprocessableContent
        case .preconditionRequired: .preconditionRequired
        case .internalError: .internalServerError
        case .contended, .overloaded, .databaseUnavailable, .outcomeUnknown, .readModelBehind, .notReady:
            .serviceUnavailable
        }
    }

    package var title: String {
        switch self {
        case .malformedJSON: "The body is not JSON"
        case .malformedHeader: "A header is malformed"
        case .routeNotFound: "There is nothing at this address"
        case .cameraNotFound: "There is no such camera"
        case .cameraNotYetRegistered: "The camera was not there yet"
        case .projectionNotFound: "There is no such projection"
        case .methodNotAllowed: "The method is not allowed here"
        case .cameraAlreadyRegistered: "The camera is registered already"
        case .cameraInMaintenance: "The camera is in maintenance"
        case .statusTransitionNotAllowed: "The camera's status cannot change this way"
        case .rebuildUnderWay: "The projection is being rebuilt already"
        case .cameraRemoved: "The camera was removed"
        case .staleVersion: "The camera has changed since"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body must be JSON"
        case .validationFailed: "The request breaks rules"
        case .tooManyRows: "The answer would be too long"
        case .countBelowZero: "The correction takes off more than there is"
        case .preconditionRequired: "The request must say which version it changes"
        case .internalError: "Something went wrong on the server"
        case .contended: "Others kept changing the camera"
        case .overloaded: "The server is busy"
        case .databaseUnavailable: "The database cannot be reached"
        case .outcomeUnknown: "Whether the change was made is unknown"
        case .readModelBehind: "The read model is not there yet"
        case .notReady: "The server is not ready"
        }
    }
}
