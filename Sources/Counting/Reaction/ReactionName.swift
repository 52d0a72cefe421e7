import EventSourcing

/// The name of a reaction: `camera_monitor`. Never changed, for its place in the log and what it has appended are filed
/// under it.
package struct ReactionName: BoundedText, ExpressibleByStringLiteral {
    package static let subject = "A reaction's name"
    package static let lengths = 1...40
    /// How the sources of all reactions begin. No source that is sent to the API begins so.
    package static let sourcePrefix = "reaction/"

    package let text: String
    package init(stored text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    /// The source under which it appends.
    package var source: String { Self.sourcePrefix + text }

    /// Where what happens to the reaction is recorded.
    package var stream: StreamName { StreamName(Self.streamPrefix + text) }

    static let streamPrefix = "reaction-"
}
