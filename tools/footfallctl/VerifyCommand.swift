import ArgumentParser
import Counting
import EventLog
import Foundation
import Transparency

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that the log is complete and unaltered, the archive included; or that the read models are.",
        discussion: """
            Recomputes the tree over all sealed events and the chain of hashes over segments, and names the first \
            position that was altered, removed or inserted; exit code 1 then. It names, too, the kinds of events that this release cannot read, \
            as after going back to an earlier one: such a camera takes no commands, and read models stop at an unknown \
            schema version. Anyone who can change the events and has the signing key can seal them again, so keep a checkpoint \
            (GET /audit/checkpoint) in a place of its own, and give it at the next verification.

            With --projections it compares, in place of that, every read model with what the log makes of it: each is \
            filled again in a scratch build, compared row by row at the same position, and dropped. Exit code 0 where \
            all are equal, 1 where one differs, 2 on failure.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The hash that a segment had, NUMBER:HASH as printed before; may be repeated.")
    var expect: [KeptHash] = []

    @Flag(help: "Compare the read models with the log.")
    var projections = false

    @Option(
        help: ArgumentHelp(
            "A file with a checkpoint that was kept elsewhere, as GET /audit/checkpoint answered it (may be repeated).",
            valueName: "file"))
    var checkpoint: [KeptCheckpoint] = []

    @OptionGroup var comparison: ComparisonOptions

    func validate() throws {
        if projections, !expect.isEmpty { throw ValidationError("--expect and --projections exclude each other") }
        if projections, !checkpoint.isEmpty {
            throw ValidationError("--checkpoint and --projections exclude each other")
        }
        try comparison.validate(isComparing: projections)
    }

    func run() async throws {
        if projections {
            try await comparison.run(nil, on: database)
            return
        }
        let anchors = Dictionary(expect.map { ($0.segment, $0.hash) }, uniquingKeysWith: { $1 })
        try await database.withDatabase { target in
            let began = ContinuousClock.now
            let line = ProgressLine()
            let summary: Verifier.Summary
            do {
                summary = try await Verifier(
                    on: target, anchors: anchors, checkpoints: checkpoint.map(\.checkpoint), logger: .operators
                ).run { progress in
                    line.show("verified \(progress.position) of \(progress.head) events", share: progress.share)
                }
            } catch {
                line.end()
                throw error
            }
            line.end()
            let seconds = began.duration(to: .now) / .seconds(1)
            print("\(summary.events) events are complete and unaltered (\(seconds.formatted(.seconds)) s)")
            if let hash = summary.lastHash {
                print("\(summary.segments) segments, the last with the hash \(summary.segments):\(hash.hexadecimal)")
            }
            if summary.archivedTo > 0 { print("archived up to position \(summary.archivedTo)") }
            print("\(summary.unsealed) events at the end are not sealed yet")
            let unknown = summary.kinds.filter {
                !EventType.includes($0.key.type, schemaVersion: $0.key.schemaVersion)
            }
            if unknown.isEmpty { return }
            for (kind, events) in unknown.sorted(by: { $0.value.firstPosition < $1.value.firstPosition }) {
                complain(
                    "this release cannot read \(kind.type) in schema version \(kind.schemaVersion): \(events.count) "
                        + "events, the first at position \(events.firstPosition), of \(events.stream)")
            }
            throw ExitCode.failure
        }
    }
}

/// `12:9f86d0…`: a segment's number and its hash.
struct KeptHash: ExpressibleByArgument {
    let segment: Int64
    let hash: [UInt8]

    init?(argument: String) {
        let parts = argument.split(separator: ":")
        guard parts.count == 2, let segment = Int64(parts[0]), segment > 0,
            let hash = [UInt8](hexadecimal: String(parts[1])), hash.count == 32
        else { return nil }
        self.segment = segment
        self.hash = hash
    }
}

extension Verifier.Progress {
    fileprivate var share: Double { head == 0 ? 1 : Double(position) / Double(head) }
}

extension FormatStyle where Self == FloatingPointFormatStyle<Double> {
    /// One digit after the point.
    static var seconds: Self { .number.precision(.fractionLength(1)) }
}

/// A file with a checkpoint. Whose signatures it has does not matter: it was kept where nobody could alter it.
struct KeptCheckpoint: ExpressibleByArgument {
    let checkpoint: Checkpoint

    init?(argument: String) {
        guard let data = FileManager.default.contents(atPath: argument), let note = SignedNote(Array(data)),
            let checkpoint = Checkpoint(text: note.text)
        else { return nil }
        self.checkpoint = checkpoint
    }
}
