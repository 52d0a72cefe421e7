/// The first halves of the keys of the advisory locks by which sessions of a database know of each other. The second
/// half says of what.
///
/// All of them stand here. SQL names them in the function `lock_space` (`reaction_skips`), which a test holds to this list.
package enum LockSpace: Int64, CaseIterable, Sendable {
    /// With the hash of a projection: applies its active build.
    case projections = 0x466F_6F74
    /// With a build's number: fills, indexes or drops it.
    case builds = 0x466F_6F75
    /// With 1: seals the log. With 2: archives it.
    case upkeep = 0x466F_6F76
    /// With the hash of a projection, shared: may apply it, and takes its share of projections.
    case candidates = 0x466F_6F77
    /// With the hash of projection and definition, shared: belongs to a process of a release that has the definition.
    case definitions = 0x466F_6F78
    /// With the hash of a projection: chooses its definition.
    case choices = 0x466F_6F79
    /// With the hash of a projection: skips one of its events. Shared: applies events.
    case skips = 0x466F_6F7A
    /// With 0: compares a camera's rows with its events now and again.
    case checks = 0x466F_6F7B
    /// With the hash of a reaction: runs it; the cameras' monitor is among them.
    case reactions = 0x466F_6F81
    /// With the hash of a reaction: skips the event at which it has stopped. Shared: tries that event again.
    case reactionSkips = 0x466F_6F82
}

/// Advisory locks whose key is one number of 64 bits. They never meet those of `LockSpace`. A writer's calls of
/// `append_events` follow one another under its own number, which is drawn by chance.
package enum LockKey: Int64, CaseIterable, Sendable {
    /// Migrates the database.
    case migration = 0x466F_6F74_6661_6C6C
    /// Drops or brings back a partition of the log. Shared: reads events in several statements. In SQL: `archive_lock`.
    case archive = 0x4671_873C_8B9D_FD72
    /// Makes another master key the current one. Shared: adds a key under it. In SQL: `master_key_lock`.
    case masterKeys = 0x6574_656D_E7B3_80A1
}

extension Parameter {
    package static func lock(_ space: LockSpace) -> Parameter { .integer(space.rawValue) }

    package static func lock(_ key: LockKey) -> Parameter { .integer(key.rawValue) }
}
