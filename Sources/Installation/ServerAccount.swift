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

    /// Puts a file in the place of whatever has this path, as this user: so in no place that is not this user's.
    func write(_ text: String, to path: String) async throws {
        let output = try await run(
            ["sh", "-c", #"umask 077 && cat > "$1.new" && mv -fT "$1.new" "$1""#, "sh", path], input: text)
        if !output.succeeded { throw EmbeddedPostgres.Failure.failed(action: "writing \(path)", output: output.text) }
    }

    /// Runs a program to its end as this user.
    func run(_ command: [String], input: String = "") async throws -> Output {
        let words = prefix + command
        let program: Executable = words[0].hasPrefix("/") ? .path(FilePath(words[0])) : .name(words[0])
        let result = try await Subprocess.run(
            program, arguments: Arguments(Array(words.dropFirst())), workingDirectory: "/",
            input: .string(input), output: .string(limit: 1 << 20), error: .combinedWithOutput)
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
