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
    ///   - file: takes what it prints, which is not kept here then.
    init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], as user: String? = nil,
        to file: FileHandle? = nil
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
            // Tests ask again and again until something has happened.
            .merging(["FOOTFALL_RATE_LIMIT": "off"]) { _, off in off }
            .merging(environment) { _, given in given }
        process.standardInput = FileHandle.nullDevice
        self.process = process
        if let file {
            process.standardOutput = file
            process.standardError = file
        } else {
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            output.fileHandleForReading.readabilityHandler = { [weak self] handle in
                let data = handle.availableData
                if data.isEmpty { handle.readabilityHandler = nil } else { self?.took(data) }
            }
        }
        process.terminationHandler = { [weak self] in self?.ended($0.terminationStatus) }
        try process.run()
    }

    /// A test that failed leaves nothing behind.
    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Where this build's executables lie: beside the test bundle.
    static let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

    var pid: Int32 { process.processIdentifier }

    /// All that was printed so far.
    var output: String { state.withLock { $0.output } }

    var hasEnded: Bool { state.withLock { $0.status != nil } }

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
        // Not through a pipe: its last words could come after its end.
        let file = FileManager.default.temporaryDirectory.appending(path: "footfall-output-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw Ended(description: "\(file.path) cannot be made")
        }
        defer { try? FileManager.default.removeItem(at: file) }  // a file in /tmp may stay
        let output = try FileHandle(forWritingTo: file)
        defer { try? output.close() }  // nothing is written any more
        let code = await (try Program(name, arguments, environment: environment, to: output)).waitsForEnd()
        return (code, try String(contentsOf: file, encoding: .utf8))
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
