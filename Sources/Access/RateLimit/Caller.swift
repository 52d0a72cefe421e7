/// Whose requests are counted. Users and networks are counted apart, so that neither takes room from the other.
package enum Caller: Hashable, Sendable {
    case user(Issuer, name: String)
    /// Those who have not proved who they are, from a network.
    case network(String)

    package init(_ principal: Principal) { self = .user(principal.issuer, name: principal.name) }

    /// Where a caller's counts by a rule are kept: by different rules they are different ones, and so are those of one
    /// name from two issuers.
    func key(by rule: String) -> String {
        switch self {
        case .network(let name): return "\(rule):@\(name)"
        case .user(let issuer, let name): return "\(rule):\(issuer.user(name))"
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

    /// Whom it names so: different for different users of all issuers. With a length, so that no issuer and name read as
    /// another two.
    fileprivate func user(_ name: String) -> String { "\(text.utf8.count):\(text):\(name)" }
}

extension Principal {
    /// Who this is, apart from users of the same name from other issuers.
    package var user: String { issuer.user(name) }
}
