/// Who may make how many requests: one limit for everybody, and others for some roles.
package struct RateRules: Hashable, Sendable {
    /// A limit under the name that answers give it.
    package struct Rule: Hashable, Sendable {
        package let name: String
        package let limit: RateLimit

        package init(name: String, limit: RateLimit) {
            self.name = name
            self.limit = limit
        }
    }

    package struct Invalid: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    private let standard: Rule?
    private let roles: [Role: Rule?]

    private init(standard: Rule?, roles: [Role: Rule?]) {
        self.standard = standard
        self.roles = roles
    }

    package static let unlimited = RateRules(standard: nil, roles: [:])

    /// - Parameter text: limits with commas between them, each `100/m` (s, m or h) or `off`; those of roles as
    ///   `worker=6000/m`. Without a limit for everybody there is none.
    package init(_ text: String) throws(Invalid) {
        var standard: Rule??
        var roles: [Role: Rule?] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", omittingEmptySubsequences: false).map { word in
                String(word.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
            }
            guard let last = words.last, words.count <= 2, last == "off" || RateLimit(last) != nil else {
                throw Invalid(description: "\(part) is no limit such as 100/m, worker=6000/m or off")
            }
            let limit = RateLimit(last)
            if words.count == 1 {
                guard standard == nil else { throw Invalid(description: "there are two limits for everybody") }
                standard = .some(limit.map { Rule(name: "default", limit: $0) })
            } else {
                guard let role = Role(rawValue: words[0]) else {
                    throw Invalid(
                        description:
                            "there is no role \(words[0]); there are \(Role.allCases.map(\.rawValue).joined(separator: ", "))"
                    )
                }
                guard roles[role] == nil else { throw Invalid(description: "role \(role.rawValue) has two limits") }
                roles[role] = .some(limit.map { Rule(name: role.rawValue, limit: $0) })
            }
        }
        self.standard = standard ?? nil
        self.roles = roles
    }

    /// The rule for somebody with these roles: the most generous one of theirs, that for everybody where none of their
    /// roles has one; nil where nothing limits them.
    package func rule(for roles: some Collection<Role>) -> Rule? {
        var best: Rule?
        for role in roles {
            guard let rule = self.roles[role] else { continue }
            guard let rule else { return nil }
            if best.map({ $0.limit.interval > rule.limit.interval }) ?? true { best = rule }
        }
        return best ?? standard
    }

    /// That of those who have not proved who they are.
    package var everybody: Rule? { standard }
}
