/// What is known of one type of event: where it stands, how much it matters to an auditor, and what its data holds.
package struct EventDeclaration: Sendable {
    /// What happened, in a sentence or two.
    package let meaning: String
    /// The streams that events of the type stand in.
    package let streams: Set<EventStream>
    package let severity: EventSeverity
    /// Schema versions count from 1. One is added where the shape of the data changes so that an older release would
    /// misread it; all of them stay readable.
    package let newestVersion: Int16
    /// In the order in which views and pages show them.
    package let members: [EventMember]

    init(
        _ meaning: String, in streams: Set<EventStream>, severity: EventSeverity = .always(.info), versions: Int16 = 1,
        members: [EventMember]
    ) {
        self.meaning = meaning
        self.streams = streams
        self.severity = severity
        newestVersion = versions
        self.members = members
    }
}

/// A kind of stream that events stand in.
package enum EventStream: Hashable, Sendable {
    case camera(CameraID.StreamRole)
    /// What happened to one projection.
    case projection
    /// What happened to one reaction.
    case reaction
    /// What happened to tokens: one stream.
    case tokens

    /// How the streams of the kind are named, with `N` for a number: `camera-N`.
    package var pattern: String {
        switch self {
        case .camera(let role): "\(role.prefix)N"
        case .projection: "\(ProjectionName.streamPrefix)NAME"
        case .reaction: "\(ReactionName.streamPrefix)NAME"
        case .tokens: TokensRevoked.stream.rawValue
        }
    }
}

/// How much an auditor should mind an event.
package enum EventSeverity: Hashable, Sendable {
    package enum Level: String, CaseIterable, Sendable {
        case info, warning, error
    }

    case always(Level)
    /// Where a member has this value; `info` elsewhere.
    case level(Level, whereMember: String, is: String)
}
