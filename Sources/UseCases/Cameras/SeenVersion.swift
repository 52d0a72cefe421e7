/// Which versions of a camera a command is for: those that its caller has seen.
package enum SeenVersion: Hashable, Sendable {
    /// Whichever there is.
    case any
    /// One of these; where there are none, the command is for no version at all.
    case oneOf(Set<Int64>)

    func admits(_ version: Int64) -> Bool {
        switch self {
        case .any: true
        case .oneOf(let versions): versions.contains(version)
        }
    }

    /// The newest of those that have passed.
    func newest(before version: Int64) -> Int64? {
        switch self {
        case .any: nil
        case .oneOf(let versions): versions.filter { $0 < version }.max()
        }
    }
}
