import Access
import Foundation
import Testing

/// A Redis server of a test's own, on a socket in a folder of its own; ended by its process id.
final class RedisServer {
    /// The server goes by its name: redis-tools has it under that of another of its tools.
    private static let program = "/usr/bin/redis-check-rdb"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let url: String
    private let folder: URL
    private var process: Process?

    init() throws {
        folder = URL(filePath: "/tmp/footfall-redis-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/redis-server", withDestinationPath: Self.program)
        url = "unix://:secret@\(folder.path)/s"
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // it is in the temporary folder
    }

    /// The server, with the time to answer that it needs on a busy machine.
    func target() throws -> RedisTarget {
        var target = try RedisTarget(url)
        target.timeout = .seconds(30)
        return target
    }

    /// Returns when it listens.
    func start() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = folder.appending(path: "redis-server")
        process.arguments = [
            "--port", "0", "--unixsocket", folder.path + "/s", "--requirepass", "secret", "--save", "", "--dir",
            folder.path,
        ]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        self.process = process
        var log = Data()
        while !String(decoding: log, as: UTF8.self).contains("connections at") {
            let piece = output.fileHandleForReading.availableData
            try #require(!piece.isEmpty, "redis-server ended: \(String(decoding: log, as: UTF8.self))")
            log += piece
        }
        // What it says from now on is read, so that it never waits for a reader.
        output.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
    }

    func stop() {
        guard let process else { return }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        self.process = nil
    }
}
