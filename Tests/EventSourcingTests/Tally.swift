import EventSourcing

/// The smallest aggregate there is: a number that is raised, until it is sealed.
enum Tally: Decider {
    enum Command: Sendable {
        case raise(by: Int64)
        case seal
    }

    enum Event: Hashable, Sendable {
        case raised(Int64)
        case sealed
    }

    enum Rejection: Error, Hashable { case negative }

    static let initial: Int64 = 0

    static func decide(_ command: Command, _ state: Int64) throws(Rejection) -> [Event] {
        switch command {
        case .raise(let amount) where amount < 0: throw .negative
        case .raise(0): []
        case .raise(let amount): [.raised(amount)]
        case .seal: [.raised(1), .sealed]
        }
    }

    static func evolve(_ state: Int64, _ event: Event) -> Int64 {
        if case .raised(let amount) = event { state + amount } else { state }
    }

    static func encode(_ event: Event) -> NewEvent {
        switch event {
        case .raised(let amount): NewEvent(type: "Raised", data: ["by": .integer(amount)])
        case .sealed: NewEvent(type: "Sealed", data: [:])
        }
    }

    static func decode(_ event: RecordedEvent) throws(EventDecodingError) -> Event {
        if event.type == "Sealed" { return .sealed }
        guard let amount = (try? JSON.parse(event.data))?["by"]?.integer else {
            throw EventDecodingError(event, reason: "by is missing")
        }
        return .raised(amount)
    }

    static func lifecycle(of event: Event, in stream: StreamName) -> StreamLifecycle {
        event == .sealed ? StreamLifecycle(closes: [stream]) : StreamLifecycle(opens: ["sibling-1"])
    }
}
