import CConfinement
import Foundation
import Synchronization

/// What the process keeps of what it could do: FFmpeg reads what anybody may have made, and a fault in it must be worth
/// little to who finds it.
///
/// It runs as a user without rights where it was started by root; gains no privileges; starts no programs and reaches into
/// no others (seccomp); writes no files and reads those of the system and those that it was told of (Landlock); has a
/// bounded memory, and is the first to be ended where the machine has none left.
struct Confinement {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Nil for the one that started it.
    var user: String?
    /// Files and folders beside the system's.
    var readable: [String] = []
    /// In bytes.
    var memory: UInt64
    /// From 0 to 1000, see proc(5).
    var oomScore: Int32

    /// What the system's libraries read: themselves, certificates, names, time zones, what the machine is.
    private static let system = [
        "/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev/urandom", "/dev/random", "/run/systemd/resolve",
        "/run/resolvconf", "/run/NetworkManager",
    ]

    /// What the kernel does not offer; to be said where there is a log.
    static var gaps: [String] { noted.withLock(\.self) }
    private static let noted = Mutex<[String]>([])

    /// To be called before there is a second thread.
    func begin() throws(Failure) {
        try Self.check(confinement_set_oom_score(oomScore), "saying that it may be ended first")
        try Self.check(confinement_limit_memory(memory), "limiting the memory")
        if let user {
            guard let entry = getpwnam(user)?.pointee else { throw Failure(description: "there is no user \(user)") }
            try Self.check(confinement_become(entry.pw_uid, entry.pw_gid), "going on as user \(user)")
        }
        try Self.check(confinement_forbid_privileges(), "forbidding privileges")
        let paths = (Self.system + readable).map { strdup($0) }
        defer { for path in paths { free(path) } }
        let restricted = confinement_restrict_files(paths.map { UnsafePointer($0) }, Int32(paths.count))
        try Self.checkUnlessMissing(restricted, "restricting files")
        try Self.checkUnlessMissing(confinement_restrict_calls(), "restricting system calls")
    }

    private static func check(_ code: Int32, _ action: String) throws(Failure) {
        if code != 0 { throw Failure(description: "\(action): \(String(cString: strerror(code)))") }
    }

    /// Old kernels, and some containers, have neither Landlock nor filters of system calls.
    private static func checkUnlessMissing(_ code: Int32, _ action: String) throws(Failure) {
        guard [ENOSYS, EOPNOTSUPP, EINVAL].contains(code) else { return try check(code, action) }
        noted.withLock { $0.append("\(action): \(String(cString: strerror(code)))") }
    }
}

/// A command that confines itself before it does anything.
protocol ConfinedCommand {
    var confinement: Confinement { get }
}
