import DequeModule
import EventSourcing

/// What users wait for: of each one in the order in which it came, and users by turns, so that one who asks for much keeps
/// only themselves waiting.
struct FairQueue<Element> {
    private var lines: [ExactText: Deque<Element>] = [:]
    /// Those who wait, the next one first.
    private var turns: Deque<ExactText> = []

    var isEmpty: Bool { turns.isEmpty }

    /// What is taken next. It stays the next one whatever is added.
    var first: Element? {
        get { turns.first.flatMap { lines[$0]?.first } }
        set {
            guard let user = turns.first, let newValue else { return }
            lines[user]?[0] = newValue
        }
    }

    mutating func append(_ element: Element, of user: ExactText) {
        if lines[user]?.append(element) == nil {
            lines[user] = [element]
            turns.append(user)
        }
    }

    mutating func popFirst() -> Element? {
        guard let user = turns.popFirst(), let element = lines[user]?.popFirst() else { return nil }
        if lines[user]?.isEmpty == true { lines[user] = nil } else { turns.append(user) }
        return element
    }
}
