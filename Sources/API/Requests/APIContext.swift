import Access
import Counting
import EventSourcing
import Hummingbird
import NIOCore
import OpenTelemetry

/// The caller of a request, and its ids; handed from middleware to handler.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The server's own for the request, which no client chooses.
    var requestID = ""
    /// What the client calls the request.
    var clientRequestID: String?
    /// Nil where the request is part of no trace.
    var trace: TraceContext?
    /// Who sent the request; nobody who may do anything, until that is known.
    var principal = Principal(name: Actor.anonymous.text, permissions: []) {
        didSet { sender.become(principal) }
    }
    /// Shared by all copies, for the log's line.
    let sender = Sender()
    var clientAddress: String?
    /// The connection, or the stream of one, that the request came on.
    let channel: any Channel
    /// The position of the event that the request follows from, where its sender names one.
    var causationID: String?
    /// Under which the request is made, where it has an `Idempotency-Key`.
    var claim: RequestClaim?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        clientAddress = source.channel.remoteAddress?.ipAddress
    }

    /// What the events of this request are stored with.
    var eventMetadata: EventMetadata {
        EventMetadata(
            actor: principal.name, correlationID: correlationID, causationID: causationID, traceID: trace?.traceID,
            clientAddress: clientAddress, request: claim)
    }

    /// By which the events of this request are known as one's. What a client calls it stands behind the client's name, so
    /// that it is neither an id of the server's own nor one of another client's.
    private var correlationID: String { clientRequestID.map { "\(principal.name) \($0)" } ?? requestID }

    /// The camera that the path names. A text that cannot be an id is the id of no camera.
    var cameraID: CameraID {
        get throws(Problem) {
            guard let text = parameters.get("id"), let number = Int64(text), String(number) == text,
                let id = try? CameraID(number)  // the error says nothing more
            else { throw Problem(Camera.Rejection.unknown) }
            return id
        }
    }
}

/// The user or program that gives commands, as the `Footfall-Actor` header names it.
struct Actor: BoundedText {
    static let subject = "An actor's name"
    static let lengths = 1...255
    static let anonymous = Actor(stored: "anonymous")

    let text: String
    init(stored text: String) { self.text = text }
}
