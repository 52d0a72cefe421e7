import EventSourcing
import Foundation
import Installation
import StreamPolicy
import Subprocess
import SystemPackage
import UseCases

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
        self.init(executable: executable, arguments: arguments)
    }

    init(executable: URL, arguments: [String]) {
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
            .path(executable), arguments: Arguments(["probe"] + arguments + DecodingProcess.arguments),
            environment: DecodingProcess.environment, platformOptions: options,
            input: .fileDescriptor(try Self.holding(request.bytes), closeAfterSpawningProcess: true),
            output: .string(limit: 1 << 16), error: .discarded
        ).standardOutput
    }

    /// The end of a pipe from which these bytes are read. They lie in the pipe before there is a process: Subprocess, where
    /// it writes a process's input itself, ends this whole program when the process has gone without reading it.
    private static func holding(_ bytes: [UInt8]) throws -> FileDescriptor {
        let (far, near) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { try? near.close() }  // it can only fail where it is closed already
        do {
            // A pipe holds 64 KiB, more than any URL; one that holds less must not make anybody wait.
            _ = fcntl(near.rawValue, F_SETFL, O_NONBLOCK)
            let written = try bytes.withUnsafeBytes { try near.write($0) }
            guard written == bytes.count else { throw Errno.resourceTemporarilyUnavailable }
            return far
        } catch {
            try? far.close()  // as above
            throw error
        }
    }
}
