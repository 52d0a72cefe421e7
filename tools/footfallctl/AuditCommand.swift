import ArgumentParser
import Counting
import EventLog
import EventSourcing
import Foundation
import Postgres
import UseCases

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show the audit trail: who did what, and when.",
        discussion: """
            With --as-of it shows, in place of the trail, the camera as it was then: a JSON document, as the API shows \
            the camera now; with --follow-causation, an event with what it follows from, what was done along with it and \
            what followed from it.
            """,
        subcommands: [AuditExportCommand.self, AuditVerifyCommand.self, AuditKeysCommand.self])

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Only this camera's events, its telemetry among them.")
    var camera: Int64?

    @Option(help: "Only events of this type, such as CameraRegistered.")
    var type: String?

    @Option(help: "Only what this user or program did.")
    var actor: String?

    @Option(help: "Only events recorded at this instant (RFC 3339) or later.")
    var from: Timestamp?

    @Option(help: "Only events recorded before this instant (RFC 3339).")
    var to: Timestamp?

    @Option(help: "Only what one request did: the correlation_id of its events, which is its X-Request-ID.")
    var correlation: String?

    @Option(help: "Only events with this text in their data.")
    var text: String?

    @Option(help: "The event at this position, with its causes and effects.")
    var followCausation: Int64?

    @Option(help: "Only events after this position.")
    var after: Int64 = 0

    @Option(help: "At most this many events; all of them where it is not given.")
    var limit: Int?

    @Option(
        help:
            "The camera's state at an instant (RFC 3339), at a position of the log (a number) or at a version of the camera (v and a number)."
    )
    var asOf: CameraPast.Moment?

    @Flag(help: "One JSON object a line.")
    var json = false

    @Flag(help: "Go on with events as they are appended, until interrupted.")
    var follow = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be at least 1") }
        if after < 0 { throw ValidationError("--after is \(after); positions begin at 1") }
        if asOf != nil {
            guard camera != nil else { throw ValidationError("--as-of needs a --camera") }
            guard type == nil, actor == nil, from == nil, to == nil, after == 0, limit == nil, !follow else {
                throw ValidationError("--as-of goes with --camera alone")
            }
        }
        if let text, !(2...200).contains(text.count) { throw ValidationError("--text has 2 to 200 characters") }
        if let followCausation {
            guard followCausation > 0 else { throw ValidationError("positions begin at 1") }
            guard camera == nil, type == nil, actor == nil, from == nil, to == nil, correlation == nil, text == nil,
                after == 0, limit == nil, asOf == nil, !follow
            else { throw ValidationError("--follow-causation goes with --json alone") }
        }
        if follow, to != nil { throw ValidationError("--follow and --to exclude each other") }
    }

    func run() async throws {
        if let asOf, let camera {
            try await showState(of: camera, at: asOf)
            return
        }
        if let followCausation {
            try await showChain(around: followCausation)
            return
        }
        let filter = AuditTrail.Filter(
            streams: try camera.map { try CameraID($0).streams }, type: type, actor: actor?.inNormalForm, from: from,
            to: to, correlationID: correlation, text: text?.inNormalForm)
        try await database.withDatabase { [self] target in
            let pool = Pool(target, size: 1, logger: .operators)
            defer { pool.close() }
            if follow {
                let listener = Listener(target, channels: [eventsChannel], logger: .operators)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await listener.run() }
                    try await show(filter, pool: pool, signals: listener.signals(on: eventsChannel))
                    group.cancelAll()
                }
            } else {
                try await show(filter, pool: pool, signals: nil)
            }
        }
    }

    private func showState(of camera: Int64, at moment: CameraPast.Moment) async throws {
        try await database.withDatabase { target in
            let pool = Pool(target, size: 1, logger: .operators)
            defer { pool.close() }
            let past = CameraPast(log: PostgresEventLog(readers: pool, writer: pool))
            let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
            do {
                let document = try await past.document(of: CameraID(camera), at: moment, now: now)
                print(String(decoding: document.bytes, as: UTF8.self))
            } catch let refusal as CameraPast.Refusal {
                complain(refusal.sentence)
                throw ExitCode.failure
            }
        }
    }

    private func showChain(around position: Int64) async throws {
        try await database.withDatabase { target in
            let pool = Pool(target, size: 1, logger: .operators)
            defer { pool.close() }
            guard let chain = try await AuditTrail(pool: pool).chain(around: position) else {
                complain("the log holds no event at position \(position), or it is archived")
                throw ExitCode.failure
            }
            for link in chain.links {
                let relation = link.relation.rawValue
                if json {
                    print(#"{"relation":"\#(relation)","event":\#(String(decoding: link.entry.json, as: UTF8.self))}"#)
                } else {
                    print(relation.padded(to: 12) + "  " + (try line(for: link.entry)))
                }
            }
            if !chain.isComplete { complain("there are more") }
        }
    }

    private func show(_ filter: AuditTrail.Filter, pool: Pool, signals: AsyncStream<Void>?) async throws {
        let trail = AuditTrail(pool: pool)
        var signals = signals?.makeAsyncIterator()
        var position = after
        var left = limit ?? .max
        while left > 0, !Task.isCancelled {
            let page = try await trail.page(filter, after: position, limit: min(left, 1000))
            let lines = try page.entries.map { try line(for: $0) + "\n" }.joined()
            // At once, also where the output is a pipe: somebody follows.
            try FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
            left -= page.entries.count
            position = page.position
            if page.isComplete, page.entries.isEmpty, await signals?.next() == nil { return }
        }
    }

    private func line(for entry: AuditTrail.Entry) throws -> String {
        if json { return String(decoding: entry.json, as: UTF8.self) }
        let value = try JSON.parse(entry.json)
        func text(_ key: String) -> String {
            switch value[key] {
            case .string(let text): text
            case nil, .null: "-"
            case let other?: other.text
            }
        }
        return [
            text("position").leftPadded(to: 8), text("recorded_at").padded(to: 27), text("actor").padded(to: 16),
            (text("stream") + " v" + text("version")).padded(to: 20), text("type").padded(to: 20), text("data"),
        ].joined(separator: "  ")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension CameraPast.Moment: ExpressibleByArgument {
    public init?(argument: String) {
        if let time = Timestamp(rfc3339: argument) {
            self = .time(time)
        } else if let position = Int64(argument), position > 0 {
            self = .position(position)
        } else if argument.hasPrefix("v"), let version = Int64(argument.dropFirst()), version > 0 {
            self = .version(version)
        } else {
            return nil
        }
    }
}

extension Timestamp: ExpressibleByArgument {
    public init?(argument: String) { self.init(rfc3339: argument) }
}
