/// Which of the processes on a database could apply which projections, and which of them do.
///
/// Processes are known by the server's id of the session in which they say so. Each decides for itself from what it
/// sees, and comes to an even share: no two that could apply the same projection differ by more than one, whatever
/// releases, and so sets of projections, they run.
struct Shares: Equatable {
    typealias Session = Int64

    var able: [Session: Set<String>] = [:]
    var holding: [Session: Set<String>] = [:]

    private func load(_ session: Session) -> Int { holding[session, default: []].count }

    /// The least that any process which could apply the projection has.
    private func leastLoad(ableTo projection: String) -> Int? {
        able.filter { $0.value.contains(projection) }.keys.map(load).min()
    }

    private var unheld: Set<String> {
        able.values.reduce(into: Set()) { $0.formUnion($1) }
            .subtracting(holding.values.reduce(into: Set()) { $0.formUnion($1) })
    }

    /// A projection that nobody applies and that `session` should: one for which nobody has less to do.
    /// - Parameter refused: those that turned out to be taken.
    func toTake(by session: Session, refused: Set<String> = []) -> String? {
        unheld.subtracting(refused).intersection(able[session, default: []]).sorted().first { projection in
            leastLoad(ableTo: projection).map { load(session) <= $0 } ?? false
        }
    }

    /// A projection that `session` should leave to another, which has at least two fewer; none while any is free, for
    /// the other may be about to take that.
    func toGiveUp(by session: Session) -> String? {
        guard unheld.isEmpty else { return nil }
        return holding[session, default: []].sorted().last { projection in
            leastLoad(ableTo: projection).map { $0 + 2 <= load(session) } ?? false
        }
    }
}
