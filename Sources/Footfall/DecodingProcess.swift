import Foundation
import Settings
import Subprocess

/// What programs that decode streams are started with: they read what anybody may have made.
enum DecodingProcess {
    /// This process's environment without what they have no business with.
    static var environment: Environment {
        .inherit.updating(
            Dictionary(uniqueKeysWithValues: withheld.map { (Environment.Key(stringLiteral: $0), String?.none) }))
    }

    /// The settings that are confidential, and those of libpq that are.
    static let withheld: [String] =
        Settings.declarations.filter(\.isConfidential).map(\.variable) + ["PGPASSWORD", "PGPASSFILE"]

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
