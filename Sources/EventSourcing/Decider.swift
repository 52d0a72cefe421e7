/// An aggregate's rules: commands are decided by pure functions over the state that its events fold to.
///
/// Time, ids and randomness come in with the command. A decision that finds nothing to change returns no events.
package protocol Decider {
    associatedtype State: Sendable
    associatedtype Command: Sendable
    associatedtype Event: Sendable
    associatedtype Rejection: Error & Sendable

    /// The state before any event.
    static var initial: State { get }

    static func decide(_ command: Command, _ state: State) throws(Rejection) -> [Event]

    static func evolve(_ state: State, _ event: Event) -> State

    static func encode(_ event: Event) -> NewEvent

    /// Reads every schema version that was ever written.
    static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> Event

    /// The streams besides its own that an event brings to life or to an end.
    static func lifecycle(of event: Event, in stream: StreamName) -> StreamLifecycle
}

extension Decider {
    package static func lifecycle(of event: Event, in stream: StreamName) -> StreamLifecycle { StreamLifecycle() }
}

package struct StreamLifecycle: Hashable, Sendable {
    package var opens: [StreamName]
    package var closes: [StreamName]

    package init(opens: [StreamName] = [], closes: [StreamName] = []) {
        self.opens = opens
        self.closes = closes
    }
}

/// A stored event that the domain cannot read.
package struct EventDecodingError: Error, Equatable, CustomStringConvertible {
    package let type: String
    package let schemaVersion: Int16
    package let position: Int64
    package let reason: String

    package init(_ event: RecordedEvent, reason: String) {
        type = event.type
        schemaVersion = event.schemaVersion
        position = event.position
        self.reason = reason
    }

    package var description: String {
        "\(type) version \(schemaVersion) at position \(position) cannot be read: \(reason)"
    }
}
