import BenchSupport
import Foundation

/// A program of this build that serves HTTP, in a process of its own.
final class Server {
    private let process = Process()
    /// `http://127.0.0.1:3002`, without what follows.
    let base: String

    /// Starts it and reads what it prints until that names its address.
    init(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var text = ""
        while true {
            let data = output.fileHandleForReading.availableData
            text += String(decoding: data, as: UTF8.self)
            if let address = text.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+(?=\/)/) {
                base = String(address.output)
                break
            }
            if data.isEmpty { throw Load.Failure(description: "\(program.lastPathComponent) ended, saying: \(text)") }
        }
        // What it prints later is of no interest, and must not fill the pipe.
        output.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
    }

    /// Resident, in megabytes.
    var memory: Double { Memory.resident(of: process.processIdentifier) }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
