/// Where streams may come from, and how names are looked up to find out.
package struct StreamPolicy: Sendable {
    package let networks: StreamNetworks
    private let resolver: NameResolver

    package init(networks: StreamNetworks = .defaults, resolver: NameResolver = .system()) {
        self.networks = networks
        self.resolver = resolver
    }

    /// The addresses that a host has now, each of them allowed. Who connects must use one of these, and not look the
    /// name up again, which may answer otherwise a moment later.
    package func addresses(
        of host: StreamEndpoint.Host, over transport: StreamTransport
    ) async throws(StreamRefusal) -> [IPAddress] {
        let found: [IPAddress]
        switch host {
        case .address(let address): found = [address]
        case .name(let name):
            do throws(NameResolver.Failure) { found = try await resolver.addresses(of: name) } catch {
                switch error {
                case .notFound: throw .nameNotFound(name)
                case .timedOut: throw .resolverTimedOut(name)
                }
            }
        }
        for address in found {
            if let range = networks.obstacle(to: address, over: transport) {
                throw .notAllowed(host: "\(host)", range: range)
            }
        }
        return found
    }

    /// Checks a URL that somebody gives for a stream. A name that has no address is let pass: the camera may be new, and
    /// each connection is checked again.
    package func check(_ url: String, over transport: StreamTransport) async throws(StreamRefusal) {
        let endpoint = try StreamEndpoint(url, over: transport)
        do throws(StreamRefusal) { _ = try await addresses(of: endpoint.host, over: transport) } catch {
            switch error {
            case .nameNotFound, .resolverTimedOut: return
            case .malformed, .notAllowed: throw error
            }
        }
    }
}

extension StreamEndpoint.Host: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let address): address.isV4 ? "\(address)" : "[\(address)]"
        case .name(let name): name
        }
    }
}
