import EventSourcing
import HTTPTypes
import Hummingbird
import StreamPolicy

/// Where a request comes from, behind the proxies that are believed.
///
/// Only `X-Forwarded-For` is read. A proxy sets one header of the kind and passes the others on as they come, so anyone
/// who believed `Forwarded` (RFC 7239) too would believe the client.
struct ClientAddress {
    let trusted: [Network]

    /// The nearest address that is not a trusted proxy's. Nothing is believed that does not come from one.
    /// - Parameter peer: the other end of the connection.
    func of(_ request: Request, peer: String?) -> String? {
        guard let peer, !trusted.isEmpty, let address = IPAddress(peer), trusted.contains(address) else { return peer }
        let hops = request.headers[values: .forwardedFor].joined(separator: ",").parts(between: ",")
            .map { String(decoding: $0.utf8.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self) }
            .filter { !$0.isEmpty }
        var nearest = peer
        for hop in hops.reversed() {
            guard let address = IPAddress(hop) else { return nearest }
            nearest = hop
            if !trusted.contains(address) { return hop }
        }
        return nearest
    }
}

extension HTTPField.Name {
    static let forwardedFor = headerName("X-Forwarded-For")
}
