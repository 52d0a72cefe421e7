import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import Resilience
import StreamPolicy

/// Enters each connection in the policy's book, and closes the one that there is no room for. What gives way is counted,
/// and told in the log once a minute.
struct CountedConnections<Wrapped: ServerChildChannel>: ServerChildChannel {
    typealias Value = Wrapped.Value

    let channel: Wrapped
    let policy: NetworkPolicy
    private let open = Gauge(label: "footfall_connections")
    private let closed = Counter(label: "footfall_connections_closed_for_others_total")
    private let refused = Counter(label: "footfall_connections_refused_total")

    init(_ channel: Wrapped, _ policy: NetworkPolicy) {
        self.channel = channel
        self.policy = policy
    }

    func setup(channel connection: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let isTaken = enter(connection, logger)
        return channel.setup(channel: connection, logger: logger).map { value in
            if !isTaken { connection.close(promise: nil) }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await channel.handle(value: value, logger: logger) }

    private func enter(_ connection: any Channel, _ logger: Logger) -> Bool {
        let address = connection.remoteAddress?.ipAddress ?? ""
        let isProxy = IPAddress(address).map(policy.trustedProxies.contains) ?? false
        let network = isProxy ? nil : ClientNetwork(of: address)
        let (book, id) = (policy.connections, connection.connectionID)
        let outcome = book.add(
            id, of: network,
            within: ConnectionBook.Limits(
                total: policy.maximumConnections, perNetwork: policy.maximumConnectionsOfClient),
            close: { connection.close(promise: nil) })
        connection.closeFuture.whenComplete { [open] _ in
            book.remove(id)
            open.record(book.count)
            FreedMemory.noteClosedConnection()
        }
        open.record(book.count)
        switch outcome {
        case .taken: return true
        case .tookPlace(let isNetworkFull):
            closed.increment()
            tell(isNetworkFull, network, "the one that waited longest was closed", logger)
            return true
        case .refused(let isNetworkFull):
            refused.increment()
            tell(isNetworkFull, network, "a new one was refused", logger)
            return false
        }
    }

    private func tell(_ isNetworkFull: Bool, _ network: ClientNetwork?, _ consequence: String, _ logger: Logger) {
        let reason =
            isNetworkFull
            ? "a client has as many connections as one may have (FOOTFALL_MAX_CONNECTIONS_PER_CLIENT)"
            : "there are as many connections as there may be (FOOTFALL_MAX_CONNECTIONS)"
        guard FailureNotices.shared.isDue(reason) else { return }
        logger.warning(
            "\(reason): \(consequence)",
            metadata: [
                "client_network": "\(network?.description ?? "")",
                "connections": .stringConvertible(policy.connections.count),
            ])
    }
}
