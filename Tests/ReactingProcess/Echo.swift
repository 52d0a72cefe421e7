import Counting
import EventSourcing
import Reactions

/// Answers each question once on two streams, numbers its answers, and calls `says` with each.
///
/// A question whose number is a text is one that it cannot take.
package struct Echo: Reaction {
    package struct Count: ReactionState, Hashable {
        package var answered: Int64 = 0

        package init() {}
        package init(_ json: JSON) throws {
            guard let answered = json["answered"]?.integer else { throw Unreadable(what: "what was answered") }
            self.answered = answered
        }
        package var json: JSON { ["answered": .integer(answered)] }
    }

    package struct Unreadable: Error, CustomStringConvertible {
        let what: String
        package var description: String { "\(what) cannot be read" }
    }

    package static let answers: StreamName = "answers-1"
    package static let copies: StreamName = "copies-1"

    package let name: ReactionName
    package let start: ReactionStart
    package let initial = Count()
    private let says: @Sendable (Int64, EffectID) async throws -> Void

    package init(
        name: ReactionName = "echo", start: ReactionStart = .after(0),
        says: @escaping @Sendable (Int64, EffectID) async throws -> Void = { _, _ in }
    ) {
        self.name = name
        self.start = start
        self.says = says
    }

    package static func question(_ number: JSON) -> Append {
        Append(to: "questions-1", events: [NewEvent(type: "Asked", data: ["n": number])])
    }

    package func react(_ event: RecordedEvent, _ state: Count) throws -> [Action<Int64>] {
        guard event.type == "Asked" else { return [] }
        let number = try self.number(event)
        func answer(_ part: String) -> NewEvent {
            NewEvent(
                type: "Answered",
                data: ["n": .integer(number), "part": .string(part), "number": .integer(state.answered + 1)])
        }
        return [
            .append([answer("a")], to: Self.answers), .append([answer("copy")], to: Self.copies),
            .append([answer("b")], to: Self.answers), .perform(number),
        ]
    }

    package func evolve(_ state: Count, _ event: RecordedEvent) throws -> Count {
        guard event.type == "Asked" else { return state }
        var state = state
        state.answered += 1
        return state
    }

    package func perform(_ number: Int64, id: EffectID) async throws { try await says(number, id) }

    private func number(_ event: RecordedEvent) throws -> Int64 {
        guard let number = try JSON.parse(event.data)["n"]?.integer else { throw Unreadable(what: "the question") }
        return number
    }
}
