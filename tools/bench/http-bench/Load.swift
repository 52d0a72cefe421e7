import Foundation

/// One run of wrk against a server.
struct Load {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What wrk saw, as load.lua prints it.
    struct Result: Decodable {
        let requests: Int
        let microseconds: Int
        let p50Us: Int
        let p99Us: Int
        /// Requests that were not answered, or not in time.
        let broken: Int
        /// Answers with a status of 400 or above.
        let refused: Int

        var rate: Double { Double(requests) / Double(microseconds) * 1_000_000 }
    }

    let script: String
    let connections: Int
    let seconds: Int

    /// - Parameters:
    ///   - base: `http://127.0.0.1:3002`.
    ///   - environment: what load.lua reads.
    /// - Throws: `Failure` where a request was not answered with success: a figure from refusals would mean nothing.
    func run(on base: String, _ environment: [String: String]) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "wrk", "--threads", "1", "--connections", String(connections), "--duration", "\(seconds)s", "--script",
            script, base,
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("{") }),
            let result = try? decoder.decode(Result.self, from: Data(line.utf8))
        else { throw Failure(description: "wrk said: \(text)") }
        guard result.broken == 0, result.refused == 0 else {
            throw Failure(
                description:
                    "\(result.broken) requests broke and \(result.refused) were refused by \(environment["LOAD"] ?? "")"
            )
        }
        return result
    }
}
