import Reactions

extension Server {
    /// What acts on events, in every process that serves.
    static let reactions: [any Reaction] = []
}
