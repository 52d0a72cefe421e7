import Foundation
import Logging
import Postgres
import Resilience
import ServiceLifecycle
import Subprocess
import Synchronization
import SystemPackage

/// Keeps one worker running as a process of its own; starts it again when it ends by itself.
///
/// The worker holds the far end of a pipe: were this process killed, the worker would see the pipe close, and end.
struct WorkerProcess: Service {
    let executable: URL
    let arguments: [String]
    /// Nil where the server asks for none.
    let token: WorkerToken?
    /// Where this machine reaches the server, but for the port: `https://127.0.0.1`.
    let origin: String
    /// Says, once, on which port the server listens.
    let ports: AsyncStream<Int>
    /// Returns once the server can tell a worker what to do, or the task is cancelled.
    let untilReady: @Sendable () async -> Void
    let logger: Logger

    func run() async throws {
        try token?.renew(at: Server.now())
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await token?.keepRenewing(logger: logger) }
                await keepRunning()
                group.cancelAll()
            }
        }
    }

    private func keepRunning() async {
        for await port in ports {
            await untilReady()
            await Backoff.retrying(first: .seconds(1), longest: .seconds(30)) {
                try await runOnce(port: port)
                if !Task.isCancelled { logger.warning("the worker ended; starting it again") }
            } onError: {
                logger.error("the worker cannot be started", metadata: ["reason": "\($0)"])
            }
        }
    }

    /// Returns when the worker has ended. Cancelling the task asks it to stop, and kills it where it does not.
    private func runOnce(port: Int) async throws {
        let (far, near) = try FileDescriptor.pipe()
        defer { try? near.close() }  // it can only fail where it is closed already
        _ = fcntl(near.rawValue, F_SETFD, FD_CLOEXEC)
        var options = PlatformOptions()
        // A group of its own, so that Ctrl-C at the terminal reaches this process alone, which stops all in order.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
        _ = try await Subprocess.run(
            .path(FilePath(executable.path)),
            arguments: Arguments(
                ["--server", "\(origin):\(port)", "--exit-with-parent"] + arguments + DecodingProcess.arguments
                    + (token.map { ["--token-file", $0.file.path] } ?? [])),
            environment: DecodingProcess.environment,
            platformOptions: options,
            input: .fileDescriptor(far, closeAfterSpawningProcess: true),
            output: .currentStandardOutput, error: .currentStandardError)
    }
}
