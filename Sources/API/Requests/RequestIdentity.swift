import Access
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import OpenTelemetry
import Resilience
import Synchronization
import Tracing

extension HTTPField.Name {
    static let requestID = headerName("X-Request-ID")
    static let actor = headerName("Footfall-Actor")
    static let position = headerName("Footfall-Position")
    static let link = headerName("Link")

    static func headerName(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no header's name") }
        return name
    }
}

/// Gives each request its id, its trace and its client's address, counts it, and logs its end in one line: at info where it
/// failed, else at debug.
///
/// The answer's `X-Request-ID` is the one that the client gave, or the request's own. The two are kept apart: in the log
/// `request_id` is always the server's, and the client's is `client_request_id`.
///
/// Whatever is logged meanwhile carries the ids: handlers' lines by the context's logger, others' by `Logger.current`.
struct RequestIdentity: RouterMiddleware {
    let addresses: ClientAddress
    let metrics: RequestMetrics
    let floods: FloodGate

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        var context = context
        let given = request.headers[.requestID]
        let valid = given.flatMap(Self.valid)
        context.requestID = UUID().uuidString.lowercased()
        context.clientRequestID = valid
        context.trace = ServiceContext.current?.trace
        context.clientAddress = addresses.of(request, peer: context.clientAddress)
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request_id"] = "\(context.requestID)"
        if let valid { context.logger[metadataKey: "client_request_id"] = "\(valid)" }
        if let trace = context.trace {
            context.logger[metadataKey: "trace_id"] = "\(trace.traceID)"
            context.logger[metadataKey: "span_id"] = "\(trace.spanID)"
        }

        var response: Response
        if given != nil, valid == nil {
            response = Problem(.malformedHeader, "X-Request-ID has 1 to 128 visible ASCII characters.").response
        } else {
            response = try await withLogger(context.logger) { [context] _ in
                try await next(request, context)
            }
        }
        response.headers.append(HTTPField(name: .requestID, value: valid ?? context.requestID))
        let time = began.duration(to: .now)
        metrics.count(response.status, took: time)
        let level: Logger.Level = response.status.code < 400 ? .debug : .info
        if level >= context.logger.logLevel, level == .debug || floods.admits("request \(response.status.code)") {
            log(request, response, context, took: time, at: level)
        }
        return response
    }

    private func log(
        _ request: Request, _ response: Response, _ context: APIContext, took time: Duration, at level: Logger.Level
    ) {
        let milliseconds = time / .milliseconds(1)
        context.logger.log(
            level: level, "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "route": "\(context.endpointPath ?? "")",
                "status": .stringConvertible(response.status.code),
                "milliseconds": .stringConvertible((milliseconds * 1000).rounded() / 1000),
                "bytes": response.body.contentLength.map { .stringConvertible($0) } ?? "unknown",
                "actor": "\(context.sender.name)", "client_address": "\(context.clientAddress ?? "")",
            ])
    }

    private static func valid(_ id: String) -> String? {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? id : nil
    }
}

/// The sender of the request, as far as it is known: the log's line is written outside of what finds it out.
final class Sender: Sendable {
    private let current = Mutex<Principal?>(nil)

    /// Empty until it is known.
    var name: String { current.withLock { $0?.name ?? "" } }

    /// Different for users of one name from different issuers; empty until it is known.
    var user: String { current.withLock { $0?.user ?? "" } }

    func become(_ principal: Principal) { current.withLock { $0 = principal } }
}
