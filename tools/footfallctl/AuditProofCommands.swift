import ArgumentParser
import EventLog
import EventSourcing
import Foundation

struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a part of the log to a file that proves itself.",
        discussion: """
            The file holds whole sealed segments: every event in them as it was recorded, and the hashes that cover \
            them. footfallctl audit verify proves it, on any machine, without a database. Events that are not sealed \
            yet are not in it.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The segments with events recorded at this instant (RFC 3339) or later.")
    var from: Timestamp?

    @Option(help: "The segments with events recorded before this instant (RFC 3339).")
    var to: Timestamp?

    @Option(help: "The file; it must not be there yet.")
    var output: String

    func run() async throws {
        try await database.withDatabase { [from, to, output] target in
            guard FileManager.default.createFile(atPath: output, contents: nil, attributes: [.posixPermissions: 0o600]),
                let file = FileHandle(forWritingAtPath: output)
            else { throw UnusableFile(path: output) }
            defer { try? file.close() }  // what was written is synchronized before
            let summary = try await ProofExport(on: target, logger: .operators).write(from: from, to: to) { piece in
                try file.write(contentsOf: Data(piece))
            }
            try file.synchronize()
            print("\(summary.events) events of \(summary.segments) segments are in \(output)")
            if let last = summary.last { print("the last has the hash \(last.segment):\(last.hash.hexadecimal)") }
            print("\(summary.unsealed) events at the end of the log are not sealed yet")
        }
    }

    func validate() throws {
        if FileManager.default.fileExists(atPath: output) { throw ValidationError("\(output) is there already") }
    }
}

struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove that an export is complete and unaltered, without a database.",
        discussion: """
            Computes the hash of every segment again and follows the chain; exit code 1 where something does not fit. \
            Anyone who can alter the file can compute its hashes again, so give a hash that was kept elsewhere.
            """)

    @Argument(help: "The file that footfallctl audit export wrote.")
    var file: String

    @Option(help: "The hash that a segment has, NUMBER:HASH; may be repeated.")
    var expect: [KeptHash] = []

    private static let pieceBytes = 1 << 20
    private static let maximumLineBytes = 64 << 20

    func run() throws {
        do { try verify() } catch {
            complain("\(error)")
            throw ExitCode.failure
        }
    }

    private func verify() throws {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw UnusableFile(path: file) }
        defer { try? handle.close() }  // it was only read
        var proof = ProofFile(anchors: Dictionary(expect.map { ($0.segment, $0.hash) }, uniquingKeysWith: { $1 }))
        var rest: [UInt8] = []
        while let piece = try handle.read(upToCount: Self.pieceBytes), !piece.isEmpty {
            rest += piece
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                try proof.take(rest[start..<end])
                start = end + 1
            }
            rest.removeFirst(start)
            if rest.count > Self.maximumLineBytes { throw ProofFile.Finding.truncated }
        }
        guard rest.isEmpty else { throw ProofFile.Finding.truncated }
        let summary = try proof.finish()
        let positions = summary.positions.map { " (positions \($0.lowerBound) to \($0.upperBound))" } ?? ""
        print("\(summary.events) events of \(summary.segments) segments\(positions) are complete and unaltered")
        print("the last has the hash \(summary.lastSegment):\(summary.lastHash.hexadecimal)")
    }
}

private struct UnusableFile: Error, CustomStringConvertible {
    let path: String
    var description: String { "\(path) cannot be opened: \(String(cString: strerror(errno)))" }
}
