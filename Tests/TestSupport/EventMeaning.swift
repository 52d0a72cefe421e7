import Counting
import EventSourcing

/// What an event says to the domain of today.
package enum EventMeaning: Hashable, Sendable {
    case camera(Camera.Event)
    case heartbeat(Heartbeat)
    case reading(CountReading)
    case correction(CountCorrection)
    case probe(StreamProbe)
    case reset(OccupancyReset)
    case skip(ProjectionEventSkipped)
    case reactionSkip(ReactionEventSkipped)
    case revocation(TokensRevoked)

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        switch EventType(rawValue: event.type) {
        case .heartbeatRecorded: self = .heartbeat(try Heartbeat(event))
        case .countReadingRecorded: self = .reading(try CountReading(event))
        case .countCorrected: self = .correction(try CountCorrection(event))
        case .streamProbed: self = .probe(try StreamProbe(event))
        case .cameraOccupancyReset: self = .reset(try OccupancyReset(event))
        case .projectionEventSkipped: self = .skip(try ProjectionEventSkipped(event))
        case .reactionEventSkipped: self = .reactionSkip(try ReactionEventSkipped(event))
        case .tokensRevoked: self = .revocation(try TokensRevoked(event))
        // Which refuses what is not of a camera's life.
        default: self = .camera(try Camera.decode(event))
        }
    }

    /// The event as the domain would write it today, whatever the version that it was written in.
    package var event: NewEvent {
        switch self {
        case .camera(let event): Camera.encode(event)
        case .heartbeat(let heartbeat): heartbeat.event
        case .reading(let reading): reading.event
        case .correction(let correction): correction.event
        case .probe(let probe): probe.event
        case .reset(let reset): reset.event
        case .skip(let skip): skip.event
        case .reactionSkip(let skip): skip.event
        case .revocation(let revocation): revocation.event
        }
    }
}
