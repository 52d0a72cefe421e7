import Foundation
import Subprocess

/// What programs that decode streams are started with: they read what anybody may have made.
enum DecodingProcess {
    /// This process's environment without what they have no business with.
    static var environment: Environment { .inherit.updating(withheld) }

    private static let withheld: [Environment.Key: String?] = [
        "FOOTFALL_AUTH_SECRET": nil, "FOOTFALL_AUTH_SECRET_FILE": nil, "FOOTFALL_MASTER_KEY": nil,
        "FOOTFALL_MASTER_KEY_FILE": nil, "FOOTFALL_DATABASE_URL": nil, "FOOTFALL_REDIS_URL": nil,
        "FOOTFALL_TOKEN": nil, "FOOTFALL_TOKEN_FILE": nil, "PGPASSWORD": nil, "PGPASSFILE": nil,
    ]

    /// The user as whom they go on where this process is root's: one of their own, where there is one.
    static var user: (name: String, group: gid_t)? {
        guard geteuid() == 0 else { return nil }
        for name in ["footfall-worker", "nobody"] {
            if let entry = getpwnam(name) { return (name, entry.pointee.pw_gid) }
        }
        return nil
    }

    static var arguments: [String] { user.map { ["--run-as", $0.name] } ?? [] }
}
