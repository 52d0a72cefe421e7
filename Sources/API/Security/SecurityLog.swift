import Counting
import HTTPTypes
import Hummingbird
import Logging
import Resilience

/// Says in the log what was refused, and to whom: what nothing in the trail tells, since nothing was appended.
///
/// Each line has `log` = `security`, an `event` whose name is never changed, and facts by fixed names; the request's id
/// is that of its other lines. It never holds a token, a header's value or a body.
struct SecurityLog: RouterMiddleware {
    enum Event: String, CaseIterable {
        case authenticationRefused = "authentication_refused"
        case permissionRefused = "permission_refused"
        /// A camera that is not there, or that the user may not know of.
        case cameraUnknown = "camera_unknown"
        case preconditionRefused = "precondition_refused"
        case commandRefused = "command_refused"
        case rateExceeded = "rate_exceeded"

        /// nil for what is no refusal of an attempt.
        init?(_ code: ProblemCode, isCommand: Bool) {
            switch code.status {
            case .unauthorized: self = .authenticationRefused
            case .forbidden: self = .permissionRefused
            case .tooManyRequests: self = .rateExceeded
            case .notFound where code == .cameraNotFound: self = .cameraUnknown
            case .preconditionFailed where isCommand: self = .preconditionRefused
            case .unprocessableContent where isCommand: self = .commandRefused
            default: return nil
            }
        }

        fileprivate var level: Logger.Level {
            switch self {
            case .authenticationRefused, .permissionRefused, .rateExceeded: .warning
            case .cameraUnknown, .preconditionRefused, .commandRefused: .notice
            }
        }
    }

    let route: Route
    let floods: FloodGate

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch {
            note(Problem(error).code, context)
            throw error
        }
    }

    private func note(_ code: ProblemCode, _ context: APIContext) {
        let isCommand = ![.get, .head].contains(route.method)
        guard let event = Event(code, isCommand: isCommand), floods.admits("refused \(event.rawValue)") else { return }
        // Who sent it is found out further in; of a request that was refused before that, nobody is known.
        let sender = context.sender.name.isEmpty ? context.principal.name : context.sender.name
        var facts: Logger.Metadata = [
            "log": "security", "event": "\(event.rawValue)", "reason": "\(code.rawValue)",
            "status": .stringConvertible(code.status.code), "method": "\(route.method.rawValue)",
            "route": "\(route.path)",
            "actor": "\(event == .authenticationRefused ? "" : sender)",
            "client_address": "\(context.clientAddress ?? "")",
        ]
        if route.access.isAboutACamera, let id = try? context.cameraID {  // else it is the id of no camera
            facts["camera_id"] = .stringConvertible(id.number)
        }
        context.logger.log(level: event.level, "refused", metadata: facts)
    }
}
