import API
import EventSourcing
import Foundation
import Installation
import StreamPolicy
import Subprocess
import SystemPackage

/// Looks at a stream by `footfall-worker probe`. The URL goes by standard input, since every user of the machine can read
/// a process's arguments.
struct ProbeProcess: Sendable {
    let executable: FilePath
    let arguments: [String]

    /// nil where footfall-worker is not beside this program.
    init?(arguments: [String]) {
        guard
            let executable = ReleaseFiles.runningExecutable?.deletingLastPathComponent().appending(
                path: "footfall-worker"),
            FileManager.default.isExecutableFile(atPath: executable.path)
        else { return nil }
        self.executable = FilePath(executable.path)
        self.arguments = arguments
    }

    var prober: StreamProber {
        StreamProber { (request: JSON) throws(StreamProber.Failure) in
            let output: String?
            do { output = try await run(request) } catch { throw .failed }
            guard let output, let answer = try? JSON.parse(output) else { throw .failed }
            return answer
        }
    }

    /// What the program prints. It ends by itself at the time-out that it is given, and is killed where the task is
    /// cancelled.
    private func run(_ request: JSON) async throws -> String? {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = []
        return try await Subprocess.run(
            .path(executable), arguments: Arguments(["probe"] + arguments), platformOptions: options,
            input: .string(request.text), output: .string(limit: 1 << 16), error: .discarded
        ).standardOutput
    }
}
