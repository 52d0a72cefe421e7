import Foundation
import Synchronization

/// A program of this build, run as a process of its own.
final class Program: Sendable {
    struct Ended: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var output = ""
        var status: Int32?
        var waiting: [(pattern: String?, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let process: Process
    private let state = Mutex(State())
    let name: String

    /// - Parameters:
    ///   - name: an executable of this package, such as `footfall`.
    ///   - user: as whom it runs where that is not the caller, who must be root then.
    init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], as user: String? = nil
    ) throws {
        self.name = name
        let process = Process()
        let executable = Self.folder.appending(path: name)
        if let user {
            process.executableURL = URL(filePath: "/usr/bin/setpriv")
            process.arguments =
                ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--", executable.path] + arguments
        } else {
            process.executableURL = executable
            process.arguments = arguments
        }
        // Nothing of the caller's own installation may reach a test.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FOOTFALL_") }
            .merging(environment) { _, given in given }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        self.process = process
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil } else { self?.took(data) }
        }
        process.terminationHandler = { [weak self] in self?.ended($0.terminationStatus) }
        try process.run()
    }

    /// Where this build's executables lie: beside the test bundle.
    static let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

    var pid: Int32 { process.processIdentifier }

    /// All that was printed so far.
    var output: String { state.withLock { $0.output } }

    func signal(_ signal: Int32) { kill(pid, signal) }

    /// Waits until the output contains `text`; throws where the process ends without.
    func waits(for text: String) async throws {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.output.contains(text) || state.status != nil { return true }
                state.waiting.append((text, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
        guard output.contains(text) else { throw Ended(description: "\(name) ended without saying \(text): \(output)") }
    }

    /// Waits for the end; the exit code, or the number of the signal that killed it.
    @discardableResult
    func waitsForEnd() async -> Int32 {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.status != nil { return true }
                state.waiting.append((nil, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
        return state.withLock { $0.status } ?? -1
    }

    /// The whole output and exit code of a program that ends by itself.
    static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (code: Int32, output: String) {
        let program = try Program(name, arguments, environment: environment)
        let code = await program.waitsForEnd()
        return (code, program.output)
    }

    private func took(_ data: Data) {
        let ready = state.withLock { state in
            state.output += String(decoding: data, as: UTF8.self)
            let output = state.output
            let ready = state.waiting.filter { $0.pattern.map(output.contains) ?? false }
            state.waiting.removeAll { $0.pattern.map(output.contains) ?? false }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    private func ended(_ status: Int32) {
        let waiting = state.withLock { state in
            state.status = status
            defer { state.waiting = [] }
            return state.waiting.map(\.continuation)
        }
        for continuation in waiting { continuation.resume() }
    }
}
