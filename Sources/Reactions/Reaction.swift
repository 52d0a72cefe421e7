import Counting
import EventSourcing

/// Acts on the events of the log: each in its turn, with what was made of those before it.
///
/// `react` and `evolve` are pure functions: time comes with the event, and they draw nothing at random. After a crash the
/// same events are given to them again, with the same state.
///
/// What a reaction appends is appended exactly once for each event. What it does to the world is done at least once. A
/// rebuild of a read model runs no reaction.
package protocol Reaction: Sendable {
    /// What is remembered of earlier events. It is kept with the position, so keep it small.
    associatedtype State: ReactionState = NoState
    /// What is done outside of the log: a message to be sent, a program to be called.
    associatedtype Effect: Sendable & Hashable = Never

    var name: ReactionName { get }

    /// Where it begins when it runs for the first time. Later it goes on where it was.
    var start: ReactionStart { get }

    var initial: State { get }

    /// What follows from the event.
    ///
    /// What it throws stops this reaction at the event, until it can take the event or an operator skips it. Do not throw
    /// for an event that is of no concern: return no actions.
    /// - Parameter state: made of the events before this one.
    func react(_ event: RecordedEvent, _ state: State) throws -> [Action<Effect>]

    /// The state with the event; called after `react`.
    func evolve(_ state: State, _ event: RecordedEvent) throws -> State

    /// Does to the world what `react` asked for, in bounded time. What it throws stops this reaction at the event, as in
    /// `react`; it is retried.
    /// - Parameter id: the same whenever the same effect is retried, for a receiver to tell repetitions by.
    func perform(_ effect: Effect, id: EffectID) async throws
}

extension Reaction {
    package func evolve(_ state: State, _ event: RecordedEvent) throws -> State { state }
}

extension Reaction where State == NoState {
    package var initial: NoState { NoState() }
}

extension Reaction where Effect == Never {
    package func perform(_ effect: Never, id: EffectID) async throws {}
}

/// Where a reaction begins.
package enum ReactionStart: Hashable, Sendable {
    /// With the first event that is recorded after a process with the reaction first ran.
    case present
    /// With the first event after this position; 0 for the whole log.
    case after(Int64)
}

/// A reaction's state, as it is kept.
package protocol ReactionState: Sendable {
    var json: JSON { get }
    /// Reads what this release or an earlier one has kept.
    init(_ json: JSON) throws
}

/// Of a reaction that remembers nothing.
package struct NoState: ReactionState, Hashable {
    package var json: JSON { [:] }
    package init() {}
    package init(_ json: JSON) {}
}

/// Tells the effects of all reactions apart: `door_alerts/1234/0`.
package struct EffectID: Hashable, Sendable, CustomStringConvertible {
    package let reaction: ReactionName
    /// Of the event that it follows from.
    package let position: Int64
    /// Among the effects that follow from that event, from 0.
    package let index: Int

    package init(reaction: ReactionName, position: Int64, index: Int) {
        self.reaction = reaction
        self.position = position
        self.index = index
    }

    package var description: String { "\(reaction)/\(position)/\(index)" }
}
