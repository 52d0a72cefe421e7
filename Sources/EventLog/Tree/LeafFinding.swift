import EventSourcing
import Postgres
import Transparency

/// Says what happened to events that are not as they were sealed.
struct LeafFinding {
    let connection: Connection
    let positions: ClosedRange<Int64>
    /// As they were sealed, one for each position.
    let leaves: [MerkleHash]

    /// What happened at the first position that does not have its hash. Tells a row that was taken away or put in, with
    /// those after it renumbered, from one that was altered in its place.
    /// - Parameter segment: the one that has the position, where there is one.
    func finding(at position: Int64, segment: Int64?) async throws -> Verifier.Finding {
        var events: [RecordedEvent] = []
        try await StoredEvents(connection: connection).forEach(in: position...(position + 1)) { events.append($0) }
        guard let event = events.first, event.position == position else {
            return .removed(position: position, segment: segment)
        }
        var leaf = EventLeaf()
        if position < positions.upperBound, leaf.hash(of: event.moved(to: position + 1)) == sealed(position + 1) {
            return .removed(position: position, segment: segment)
        }
        if events.count == 2, leaf.hash(of: events[1].moved(to: position)) == sealed(position) {
            return .inserted(position: position, segment: segment)
        }
        return .altered(position: position, segment: segment)
    }

    private func sealed(_ position: Int64) -> MerkleHash { leaves[Int(position - positions.lowerBound)] }
}
