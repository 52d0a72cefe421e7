import Foundation
import HTTPTypes
import Hummingbird
import Logging

extension HTTPField.Name {
    static var requestID: HTTPField.Name { headerName("X-Request-ID") }
    static var actor: HTTPField.Name { headerName("Footfall-Actor") }
    static var position: HTTPField.Name { headerName("Footfall-Position") }
    static var link: HTTPField.Name { headerName("Link") }

    private static func headerName(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no header's name") }
        return name
    }
}

/// Gives each request its id (`X-Request-ID`, made where there is none), and logs its end.
struct RequestIdentity: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        var context = context
        let given = request.headers[.requestID]
        context.requestID = given.flatMap(Self.valid) ?? UUID().uuidString.lowercased()
        context.logger[metadataKey: "request_id"] = "\(context.requestID)"

        var response: Response
        if given != nil, given != context.requestID {
            response = Problem(.malformedHeader, "X-Request-ID has 1 to 128 visible ASCII characters.").response
        } else {
            response = try await next(request, context)
        }
        response.headers[.requestID] = context.requestID
        context.logger.log(
            level: response.status.code < 400 ? .debug : .info, "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
                "milliseconds": "\(began.duration(to: .now) / .milliseconds(1))",
            ])
        return response
    }

    private static func valid(_ id: String) -> String? {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? id : nil
    }
}
