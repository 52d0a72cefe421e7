import HTTPTypes
import Hummingbird
import NIOCore

/// Asks a client that waits for it (`Expect: 100-continue`) to send a request's body.
///
/// The client is asked when the body is about to be read, and not before: a request that is refused without its body is
/// answered at once, and the body never comes (RFC 9110, section 10.1.1).
enum ExpectedBody {
    /// Sent to a connection's handlers: the body of the request that it reads is wanted.
    struct Wanted: Sendable {}

    /// The connection of the request that is being handled, where its client waits.
    @TaskLocal static var waiting: (any Channel)?

    /// Whether the client of a request waits to be asked.
    /// - Throws: `Problem` where it expects anything else.
    static func isAwaited(by request: Request) throws(Problem) -> Bool {
        guard let field = request.headers[.expect] else { return false }
        guard field.lowercased() == "100-continue" else {
            throw Problem(.expectationFailed, "The only expectation that is met is 100-continue.")
        }
        return true
    }

    /// Reads a body; what breaks off within it is the client's fault.
    static func read<Value>(_ collect: () async throws -> Value) async throws -> Value {
        waiting?.triggerUserOutboundEvent(Wanted(), promise: nil)
        do { return try await RequestPlace.whileBodyComes(collect) } catch {
            switch error {
            case is Problem, is NIOTooManyBytesError: throw error
            // The connection or the stream was reset, or has ended.
            default: throw Problem.malformedRequest
            }
        }
    }
}
