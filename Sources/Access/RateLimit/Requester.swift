/// Whose requests are counted. Users and networks are counted apart, so that neither takes room from the other.
package enum Requester: Hashable, Sendable {
    case user(Issuer, name: String)
    /// Those who have not proved who they are, from a network.
    case network(String)

    package init(_ principal: Principal) { self = .user(principal.issuer, name: principal.name) }

    /// Where a requester's counts by a rule are kept: by different rules they are different ones, and so are those of one
    /// name from two issuers.
    func key(by rule: String) -> String {
        switch self {
        case .network(let name): return "\(rule):@\(name)"
        case .user(let issuer, let name):
            let issuer = issuer.text
            // With its length, so that no issuer and name read as another two.
            return "\(rule):\(issuer.utf8.count):\(issuer):\(name)"
        }
    }
}

extension Issuer {
    /// Different for different issuers.
    package var text: String {
        switch self {
        case .nobody: "nobody"
        case .token(nil): "token"
        case .token(let iss?): "token \(iss)"
        case .service: "service"
        }
    }
}
