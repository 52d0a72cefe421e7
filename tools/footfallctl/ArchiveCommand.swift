import ArgumentParser
import EventLog
import EventSourcing
import Foundation
import Installation
import Settings
import StructuredLogging
import Synchronization

struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Move the log's oldest events to compressed files.",
        discussion: """
            Writes each sealed segment that lies before the bound to one zstd file, reads it back, and drops a \
            partition once all its segments are in verified files. Reading the log, the audit trail and rebuilds go \
            through the files as before, so they must stay where they are. A file is \
            read without Footfall by zstd -dc FILE | psql -c 'copy segment from stdin' once there is a table for it: \
            create table segment (position bigint, version bigint, recorded_at timestamptz, schema_version smallint, \
            stream text, type text, data jsonb, metadata jsonb)
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "A position, or an instant (RFC 3339) or date (YYYY-MM-DD, UTC): what lies before is archived.")
    var before: Archiver.Bound?

    @Option(
        help:
            "The folder for the files, which every program that reads the log must reach; by default the folder archive beside the embedded database."
    )
    var to: String?

    @Option(help: "zstd's level: 1 (fast) to 19 (small).")
    var level = 9

    @Option(help: "Archives nothing, but takes note that the files were moved to this folder.")
    var movedTo: String?

    func validate() throws {
        if (before == nil) == (movedTo == nil) { throw ValidationError("give either --before or --moved-to") }
        if !(1...19).contains(level) { throw ValidationError("--level is \(level); it must be 1 to 19") }
    }

    func run() async throws {
        let folder = try folder()
        try await database.withDatabase { [before, movedTo, level] target in
            let archiver = Archiver(on: target, logger: .operators)
            if let movedTo {
                print("\(try await archiver.relocate(to: URL(filePath: movedTo))) segments are in \(movedTo)")
            }
            guard let before else { return }
            try await Sealer(on: target, logger: .operators).sealAll()
            let total = Mutex(Total())
            try await archiver.archive(before: before, to: folder, level: level) { step in
                total.withLock { $0.add(step) }
            }
            print(total.withLock(\.description))
        }
    }

    private func folder() throws -> URL {
        if let to { return URL(filePath: to) }
        return try InstallationSettings(database.settingFlags).dataDirectory.appending(path: "archive")
    }

    private struct Total: CustomStringConvertible {
        var segments = 0
        var textBytes: Int64 = 0
        var fileBytes: Int64 = 0
        var partitions = 0
        var tableBytes: Int64 = 0

        mutating func add(_ step: Archiver.Step) {
            switch step {
            case .archived(let segment, let path, let text, let file):
                segments += 1
                textBytes += text
                fileBytes += file
                show("segment \(segment): \(path), \(file) bytes")
            case .dropped(let position, let bytes):
                partitions += 1
                tableBytes += bytes
                show("dropped the partition up to position \(position)")
            case .restored: break
            }
        }

        private func show(_ text: String) { FileHandle.standardError.say(text + "\n") }

        var description: String {
            let ratio = fileBytes == 0 ? 0 : Double(textBytes) / Double(fileBytes)
            return "archived \(segments) segments: \(textBytes) bytes of text in files of \(fileBytes) bytes "
                + "(ratio \(ratio.formatted(.seconds))); dropped \(partitions) partitions of \(tableBytes) bytes"
        }
    }
}

extension Archiver.Bound: ExpressibleByArgument {
    public init?(argument: String) {
        if let position = Int64(argument), position > 0 {
            self = .position(position)
        } else if let time = Timestamp(rfc3339: argument) ?? Timestamp(rfc3339: argument + "T00:00:00Z") {
            self = .time(time)
        } else {
            return nil
        }
    }
}
