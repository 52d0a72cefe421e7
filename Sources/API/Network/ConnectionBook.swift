import NIOCore
import Synchronization

/// The connections that are open: how many there are of each client's network, and which of them are given up when
/// there is no room for one more.
///
/// - One network has so many at most, unless it is a trusted proxy, behind which are many clients.
/// - Of all places a sixteenth is for connections on which somebody has proved who they are, such as workers.
/// - Where there is no place left, the connection gives way that has waited longest for a request; where all are at work,
///   the one that began longest ago. One that is proved and at work does not give way: then the new one does.
///
/// So anyone who opens connections drives out their own, and a new client is let in. Safe for concurrent use.
package final class ConnectionBook: Sendable {
    typealias Instant = ContinuousClock.Instant

    struct Limits {
        let total: Int
        let perNetwork: Int

        /// For connections that nobody has proved anything on.
        var unproved: Int { total - total / 16 }
    }

    /// What becomes of a connection that is opened.
    enum Outcome: Equatable {
        case taken
        /// There was no room, and another one was closed. `isNetworkFull` says whether it was its own network's.
        case tookPlace(isNetworkFull: Bool)
        case refused(isNetworkFull: Bool)
    }

    private struct Connection {
        /// nil for those of trusted proxies, which are not counted by network.
        let network: ClientNetwork?
        let close: @Sendable () -> Void
        var requestsUnderWay = 0
        var isProved = false
        /// When it was opened, or its last request began or was answered.
        var since: Instant

        /// Lower ones give way first; nil: not at all.
        var rank: Int? {
            switch (isProved, requestsUnderWay > 0) {
            case (false, false): 0
            case (false, true): 1
            case (true, false): 2
            case (true, true): nil
            }
        }
    }

    private struct Open {
        var all: [ObjectIdentifier: Connection] = [:]
        var byNetwork: [ClientNetwork: Set<ObjectIdentifier>] = [:]
        var unproved = 0

        mutating func remove(_ id: ObjectIdentifier) -> Connection? {
            guard let connection = all.removeValue(forKey: id) else { return nil }
            if !connection.isProved { unproved -= 1 }
            if let network = connection.network {
                byNetwork[network]?.remove(id)
                if byNetwork[network]?.isEmpty == true { byNetwork[network] = nil }
            }
            return connection
        }

        /// The one among those that gives way first.
        func first(among ids: some Sequence<ObjectIdentifier>, unprovedOnly: Bool) -> ObjectIdentifier? {
            var first: (id: ObjectIdentifier, rank: Int, since: Instant)?
            for id in ids {
                guard let connection = all[id], let rank = connection.rank, !(unprovedOnly && connection.isProved)
                else { continue }
                if let known = first, (known.rank, known.since) <= (rank, connection.since) { continue }
                first = (id, rank, connection.since)
            }
            return first?.id
        }
    }

    private let open = Mutex(Open())

    package init() {}

    var count: Int { open.withLock { $0.all.count } }

    /// How many there are of the network of this address.
    package func count(from address: String) -> Int {
        guard let network = ClientNetwork(of: address) else { return 0 }
        return open.withLock { $0.byNetwork[network]?.count ?? 0 }
    }

    /// Takes a connection in, where there is or can be made room for it.
    /// - Parameters:
    ///   - network: of the client; nil where it is not counted by that.
    ///   - close: closes the connection; called where it gives way to another one.
    func add(
        _ id: ObjectIdentifier, of network: ClientNetwork?, within limits: Limits, at now: Instant = .now,
        close: @escaping @Sendable () -> Void
    ) -> Outcome {
        let (outcome, given) = open.withLock { open -> (Outcome, Connection?) in
            var given: Connection?
            var isNetworkFull = false
            if let network, let own = open.byNetwork[network], own.count >= limits.perNetwork {
                isNetworkFull = true
                guard let id = open.first(among: own, unprovedOnly: false) else {
                    return (.refused(isNetworkFull: true), nil)
                }
                given = open.remove(id)
            } else if open.all.count >= limits.total || open.unproved >= limits.unproved {
                let unprovedOnly = open.all.count < limits.total
                guard let id = open.first(among: open.all.keys, unprovedOnly: unprovedOnly) else {
                    return (.refused(isNetworkFull: false), nil)
                }
                given = open.remove(id)
            }
            open.all[id] = Connection(network: network, close: close, since: now)
            open.unproved += 1
            if let network { open.byNetwork[network, default: []].insert(id) }
            return (given == nil ? .taken : .tookPlace(isNetworkFull: isNetworkFull), given)
        }
        given?.close()
        return outcome
    }

    func remove(_ id: ObjectIdentifier) { open.withLock { _ = $0.remove(id) } }

    func requestsUnderWay(on id: ObjectIdentifier) -> Int { open.withLock { $0.all[id]?.requestsUnderWay ?? 0 } }

    func requestBegan(on id: ObjectIdentifier) { change(id) { $0.requestsUnderWay += 1 } }

    func requestEnded(on id: ObjectIdentifier) { change(id) { $0.requestsUnderWay = max(0, $0.requestsUnderWay - 1) } }

    private func change(_ id: ObjectIdentifier, _ change: (inout Connection) -> Void) {
        open.withLock { open in
            guard var connection = open.all[id] else { return }
            change(&connection)
            connection.since = .now
            open.all[id] = connection
        }
    }

    /// Notes that a request on this connection, or on a stream of it, has proved who sends it.
    func prove(_ channel: any Channel) { prove(on: channel.connectionID) }

    func prove(on id: ObjectIdentifier) {
        open.withLock { open in
            guard open.all[id]?.isProved == false else { return }
            open.all[id]?.isProved = true
            open.unproved -= 1
        }
    }
}

extension Channel {
    /// Whether it is one of the streams of a connection of HTTP/2: that has a parent itself, which listens.
    var isStream: Bool { parent?.parent != nil }

    /// Of the connection that it is, or is a stream of.
    var connectionID: ObjectIdentifier { ObjectIdentifier(isStream ? parent ?? self : self) }
}
