extension JSON {
    /// The value with a merge patch applied to it (RFC 7396, section 2): members are set, or removed where the patch says
    /// null; what is no object is replaced as a whole.
    package func merging(_ patch: JSON) -> JSON {
        guard let changes = patch.object else { return patch }
        var members = object ?? [:]
        for (name, change) in changes {
            if change == .null {
                members.removeValue(forKey: name)
            } else {
                members[name] = (members[name] ?? .null).merging(change)
            }
        }
        return .object(members)
    }
}
