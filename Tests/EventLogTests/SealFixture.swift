import EventLog
import EventSourcing
import Foundation
import TestSupport
import Transparency

@testable import Postgres

/// A log with small segments and partitions, on a database of its own, and a folder for its archive.
struct SealFixture {
    static let segmentSize: Int64 = 10
    static let partitionSize: Int64 = 20

    let target: ConnectionTarget
    let log: PostgresEventLog
    let pool: Pool
    let connection: Connection
    let folder: URL

    static func with(_ body: @Sendable (SealFixture) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "footfall-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { log, pool in
                let connection = try await Connection.open(target, logger: .silent)
                defer { connection.close() }
                try await makeSmallSegments(segmentSize, partition: partitionSize, on: connection)
                try await body(
                    SealFixture(target: target, log: log, pool: pool, connection: connection, folder: folder))
            }
        }
    }

    /// Appends one event at a time, to a few streams in turn.
    func append(_ count: Int) async throws {
        let head = try await log.head()
        for index in head..<head + Int64(count) {
            let data: JSON = ["number": .integer(index + 1), "text": "tab \t, line\nfeed, back\\slash, ü 漢"]
            // Every other one with all metadata that there is.
            let isFull = index % 2 == 1
            _ = try await log.append([
                Append(
                    to: StreamName("s\(index % 3)"),
                    producer: isFull ? ProducerSequence(source: "w\\", sequence: index) : nil,
                    events: [NewEvent(type: "Thing", data: data)],
                    metadata: isFull
                        ? EventMetadata(
                            actor: "ana \t\\ \"ü\"", correlationID: "c", causationID: "7", traceID: "t",
                            clientAddress: "::1")
                        : EventMetadata(actor: "ana"))
            ])
        }
    }

    func seal(_ signers: NoteSigner...) async throws {
        try await Sealer(on: target, signers: signers, logger: .silent).sealAll()
    }

    func verify(
        anchors: [Int64: [UInt8]] = [:], checkpoints: [Checkpoint] = []
    ) async throws -> Verifier.Summary {
        try await Verifier(on: target, anchors: anchors, checkpoints: checkpoints, logger: .silent).run()
    }

    /// What the verification of the log finds; nil where it finds nothing.
    func finding() async throws -> Verifier.Finding? {
        do { _ = try await verify() } catch let finding as Verifier.Finding { return finding }
        return nil
    }

    func archive(before position: Int64 = .max) async throws {
        try await Archiver(on: target, logger: .silent).archive(before: .position(position), to: folder, level: 3)
    }

    func restore(from position: Int64 = 1) async throws {
        try await Archiver(on: target, logger: .silent).restore(from: position)
    }

    /// Runs SQL as somebody who can switch the database's protection off.
    func tamper(_ sql: String) async throws {
        try await connection.script("set session_replication_role = replica; \(sql); reset session_replication_role")
    }

    /// SQL that makes the log one that was never sealed.
    static let withoutSeals = "delete from segments; delete from seals; delete from tree_nodes"

    /// Every event, read in pages.
    func events(pageSize: Int = 7) async throws -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        while true {
            let page = try await log.read(after: events.last?.position ?? 0, limit: pageSize)
            if page.isEmpty { return events }
            events += page
        }
    }

    func integer(_ sql: String) async throws -> Int64 { try await connection.query(sql)[0].integer(0) }

    /// The archive's files, in order of their segments.
    func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}
