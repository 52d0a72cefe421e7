/// Why a stream's address is not connected to. No text carries credentials, or what a name resolves to.
package enum StreamRefusal: Error, Hashable, Sendable {
    /// It cannot be read, or in more than one way.
    case malformed(String)
    /// It is, or resolves to, an address in a network that is not allowed; `range` is that network's kind.
    case notAllowed(host: String, range: String)
    case nameNotFound(String)
    /// The name's addresses were not found in time.
    case resolverTimedOut(String)
}

extension StreamRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let text): text
        case .notAllowed(let host, let range):
            "\(host) lies in a network that streams are not opened in (\(range)); FOOTFALL_STREAM_NETWORKS says which "
                + "are."
        case .nameNotFound(let name): "The name \(name) has no address."
        case .resolverTimedOut(let name): "The addresses of \(name) were not found in time."
        }
    }
}
