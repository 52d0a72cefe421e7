import Foundation
import Subprocess
import SystemPackage

/// The user as whom PostgreSQL's programs run: `postgres` where the caller is root, which they refuse; else the caller.
struct ServerAccount: Sendable {
    let userID: uid_t
    let groupID: gid_t
    private let prefix: [String]

    static func current() throws(EmbeddedPostgres.Failure) -> ServerAccount {
        guard geteuid() == 0 else { return ServerAccount(userID: geteuid(), groupID: getegid(), prefix: []) }
        guard let entry = getpwnam("postgres") else {
            throw .missingProgram("the user postgres (Debian's package postgresql creates it)")
        }
        let prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        return ServerAccount(userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid, prefix: prefix)
    }

    struct Output {
        let succeeded: Bool
        let text: String
    }

    /// Runs a program to its end as this user.
    func run(_ command: [String]) async throws -> Output {
        let words = prefix + command
        let program: Executable = words[0].hasPrefix("/") ? .path(FilePath(words[0])) : .name(words[0])
        let result = try await Subprocess.run(
            program, arguments: Arguments(Array(words.dropFirst())), workingDirectory: "/",
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        return Output(
            succeeded: result.terminationStatus.isSuccess,
            text: result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// The first folder on the way to `path`, from the root, that this user may not enter; nil where all are open.
    func obstacle(on path: URL) async throws -> String? {
        if try await run(["test", "-x", path.path]).succeeded { return nil }
        var folder = URL(filePath: "/")
        for component in path.pathComponents.dropFirst() {
            folder.append(path: component)
            if try await !run(["test", "-x", folder.path]).succeeded { return folder.path }
        }
        return path.path
    }
}
